//! Changing what a tenant states once.

use jiff::Timestamp;
use scoreline_core::{id::TenantId, policy::Policies};
use scoreline_proto::tenants::v1 as wire;
use scoreline_server::{
    principal::Principal,
    status::{Kind, Problem, Violation},
};
use scoreline_storage::{Error, Tenant};

use super::{Tenants, access, failed, settings, tenant};

/// How often a change of some fields is put on top of another change that came between.
const ATTEMPTS: usize = 5;

pub(super) async fn update(
    tenants: &Tenants,
    caller: &Principal,
    request: wire::UpdateSettingsRequest,
) -> Result<wire::UpdateSettingsResponse, Problem> {
    let id = access::tenant(caller, &request.tenant_id)?;
    let sent = request
        .settings
        .ok_or_else(|| Problem::invalid("SETTINGS_REQUIRED", "settings", "must be given"))?;
    let mask = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
    let mut attempts = ATTEMPTS;
    loop {
        let before = tenant::find(tenants, &id).await?;
        let wanted = wanted(&before, &sent, &mask)?;
        if request.validate_only {
            return Ok(wire::UpdateSettingsResponse {
                settings: Some(settings::write(&wanted, &before.etag)),
                commit: 0,
            });
        }
        attempts -= 1;
        match store(tenants, &id, &before, &wanted).await {
            // Somebody was faster. Who named a version is told; otherwise the change goes on top of the other one.
            Err(Error::Stale { .. }) if sent.etag.is_empty() && attempts > 0 => {}
            Err(error) => return Err(failed(&error)),
            Ok(after) => return Ok(response(&before, &after)),
        }
    }
}

/// The settings after the change, as far as they may be.
fn wanted(before: &Tenant, sent: &wire::Settings, mask: &[String]) -> Result<Policies, Problem> {
    if !sent.etag.is_empty() && sent.etag != before.etag {
        let message = format!(
            "the settings were changed meanwhile: their etag is {:?}, not {:?}",
            before.etag, sent.etag
        );
        return Err(Problem::new(Kind::Aborted, "ETAG_STALE", message));
    }
    let merged = settings::merge(settings::write(&before.policies, &before.etag), sent.clone(), mask)?;
    let wanted = settings::read(&merged)?;
    same_units(&before.policies, &wanted)?;
    Ok(wanted)
}

/// What was recorded under a measure's unit cannot be read under another.
fn same_units(before: &Policies, wanted: &Policies) -> Result<(), Problem> {
    let changed = wanted.measures.iter().enumerate().filter(|(_, measure)| {
        before
            .measures
            .iter()
            .any(|other| other.name == measure.name && other.unit != measure.unit)
    });
    let violations: Vec<_> = changed
        .map(|(at, measure)| {
            let problem = format!(
                "the unit of {:?} never changes; declare a measure of another name",
                measure.name.as_str()
            );
            Violation::new(format!("settings.measures[{at}].unit"), problem)
        })
        .collect();
    if violations.is_empty() {
        return Ok(());
    }
    Err(Problem::new(
        Kind::InvalidArgument(violations),
        "UNIT_CHANGED",
        "the unit of a measure never changes",
    ))
}

/// Always against the version that was read: what was merged and checked is what is stored.
async fn store(tenants: &Tenants, id: &TenantId, before: &Tenant, wanted: &Policies) -> Result<Tenant, Error> {
    tenants
        .tenancy
        .update_policies(id, wanted, Some(&before.etag), Timestamp::now())
        .await
}

fn response(before: &Tenant, after: &Tenant) -> wire::UpdateSettingsResponse {
    let folded = after.last_commit > 0 && !before.policies.folds_like(&after.policies);
    let commit = i64::try_from(after.last_commit).expect("commit numbers are stored as i64");
    wire::UpdateSettingsResponse {
        settings: Some(settings::write(&after.policies, &after.etag)),
        commit: if folded { commit } else { 0 },
    }
}
