//! Who calls, and what they may do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One right over one kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Send events.
    EventsWrite,
    /// Export events and the ledger, and list the records behind a number.
    EventsRead,
    /// Ask for metrics.
    MetricsRead,
    /// Define the tenant's own metrics.
    MetricsWrite,
    /// See the tenant's settings.
    SettingsRead,
    /// Change the tenant's settings.
    SettingsWrite,
    /// Create, list and revoke API keys.
    KeysWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::EventsWrite,
        Self::EventsRead,
        Self::MetricsRead,
        Self::MetricsWrite,
        Self::SettingsRead,
        Self::SettingsWrite,
        Self::KeysWrite,
    ];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventsWrite => "events:write",
            Self::EventsRead => "events:read",
            Self::MetricsRead => "metrics:read",
            Self::MetricsWrite => "metrics:write",
            Self::SettingsRead => "settings:read",
            Self::SettingsWrite => "settings:write",
            Self::KeysWrite => "keys:write",
        }
    }
}

/// A bundle of scopes that a key is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Asks.
    Reader,
    /// Sends events, and nothing else: the role for a system that reports what happened.
    Writer,
    /// Asks, defines metrics, and exports.
    Analyst,
    /// Everything in the tenant.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Reader, Self::Writer, Self::Analyst, Self::Admin];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Analyst => "analyst",
            Self::Admin => "admin",
        }
    }

    /// What the role allows.
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Reader => &[Scope::MetricsRead, Scope::SettingsRead],
            Self::Writer => &[Scope::EventsWrite],
            Self::Analyst => &[
                Scope::EventsRead,
                Scope::MetricsRead,
                Scope::MetricsWrite,
                Scope::SettingsRead,
            ],
            Self::Admin => &Scope::ALL,
        }
    }
}

/// A name that is no role or scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not one of: {known}")]
pub struct UnknownName {
    name: String,
    known: String,
}

impl FromStr for Scope {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        find(name, &Self::ALL, |scope| scope.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        find(name, &Self::ALL, |role| role.as_str())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn find<T: Copy>(name: &str, all: &[T], name_of: impl Fn(T) -> &'static str) -> Result<T, UnknownName> {
    let found = all.iter().copied().find(|item| name_of(*item) == name);
    found.ok_or_else(|| UnknownName {
        name: name.to_owned(),
        known: all.iter().map(|item| name_of(*item)).collect::<Vec<_>>().join(", "),
    })
}

/// Who calls: in the extensions of every request that reached a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The tenant whose data the call is about. It comes from here and never from the body of a request.
    pub tenant: String,
    /// The key that was shown, if one had to be.
    pub key_id: Option<String>,
    /// The role of the key.
    pub role: Role,
    /// Narrows the role when it is not empty.
    pub scopes: BTreeSet<Scope>,
}

impl Principal {
    /// Whether a method with this scope may be called.
    pub fn may(&self, scope: Scope) -> bool {
        self.role.scopes().contains(&scope) && (self.scopes.is_empty() || self.scopes.contains(&scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(role: Role, scopes: &[Scope]) -> Principal {
        Principal {
            tenant: "acme".to_owned(),
            key_id: None,
            role,
            scopes: scopes.iter().copied().collect(),
        }
    }

    #[test]
    fn names_survive_the_store() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        let error = "root".parse::<Role>().expect_err("there is no root");
        assert_eq!(
            error.to_string(),
            "\"root\" is not one of: reader, writer, analyst, admin"
        );
    }

    #[test]
    fn scopes_narrow_a_role_and_never_widen_it() {
        assert!(principal(Role::Admin, &[]).may(Scope::KeysWrite));
        assert!(!principal(Role::Admin, &[Scope::MetricsRead]).may(Scope::KeysWrite));
        assert!(!principal(Role::Reader, &[Scope::KeysWrite]).may(Scope::KeysWrite));
        assert!(!principal(Role::Writer, &[]).may(Scope::MetricsRead));
    }
}
