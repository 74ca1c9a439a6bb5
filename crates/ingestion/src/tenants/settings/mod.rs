//! Settings between the wire and the core.

mod business;
mod merge;
mod pipelines;
mod read;
mod write;

use scoreline_core::policy::Policies;
use scoreline_proto::tenants::v1 as wire;
use scoreline_server::status::{Kind, Problem, Violation};

pub(crate) use self::{merge::merge, write::write};

/// Reads settings; what is not stated has its default.
///
/// # Errors
/// INVALID_ARGUMENT with everything that is wrong with them.
pub fn read(settings: &wire::Settings) -> Result<Policies, Problem> {
    read::policies(settings).map_err(|found| {
        let message = match found.as_slice() {
            [one] => format!("{}: {}", one.field, one.description),
            many => format!("{} fields of the settings are wrong", many.len()),
        };
        let violations = found
            .into_iter()
            .map(|one| Violation::new(one.field, one.description))
            .collect();
        Problem::new(Kind::InvalidArgument(violations), "SETTINGS_INVALID", message)
    })
}

/// The policies of a tenant that states nothing.
#[must_use]
pub fn defaults() -> Policies {
    read(&wire::Settings::default()).expect("every setting has a default")
}

#[cfg(test)]
mod tests;
