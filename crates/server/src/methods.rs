//! What each method needs, in one static table. A method without an entry cannot be called.

use std::collections::HashMap;
use std::sync::Arc;

use crate::principal::Scope;

/// What a method of ours needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodPolicy {
    /// The path on the wire, `/package.Service/Method`.
    pub path: &'static str,
    /// The scope that its caller must have.
    pub scope: Scope,
    /// Whether either side streams: no deadline of ours, and counted apart.
    pub streaming: bool,
}

impl MethodPolicy {
    /// A method with one request and one response.
    pub const fn unary(path: &'static str, scope: Scope) -> Self {
        Self {
            path,
            scope,
            streaming: false,
        }
    }

    /// A method where either side streams.
    pub const fn streaming(path: &'static str, scope: Scope) -> Self {
        Self {
            path,
            scope,
            streaming: true,
        }
    }
}

/// How a path is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Health: always admitted, never asked for a key.
    Health,
    /// Reflection: never asked for a key; whether it is there at all is a setting.
    Reflection,
    /// One of ours.
    Known(MethodPolicy),
    /// Nothing that exists.
    Unknown,
}

impl Method {
    /// Whether either side streams.
    pub fn is_streaming(self) -> bool {
        match self {
            Self::Known(policy) => policy.streaming,
            Self::Health | Self::Reflection => true,
            Self::Unknown => false,
        }
    }
}

/// The table of all methods of a process.
#[derive(Debug, Clone, Default)]
pub struct MethodTable(Arc<HashMap<&'static str, MethodPolicy>>);

impl MethodTable {
    /// The table of these methods.
    pub fn new(policies: impl IntoIterator<Item = MethodPolicy>) -> Self {
        Self(Arc::new(
            policies.into_iter().map(|policy| (policy.path, policy)).collect(),
        ))
    }

    /// How a path is treated.
    pub fn look_up(&self, path: &str) -> Method {
        match self.0.get(path) {
            Some(policy) => Method::Known(*policy),
            None if path.starts_with("/grpc.health.v1.Health/") => Method::Health,
            None if is_reflection(path) => Method::Reflection,
            None => Method::Unknown,
        }
    }

    /// All entries, in no order. For the test that every method of a service has one.
    pub fn policies(&self) -> impl Iterator<Item = &MethodPolicy> {
        self.0.values()
    }
}

fn is_reflection(path: &str) -> bool {
    [
        "/grpc.reflection.v1.ServerReflection/",
        "/grpc.reflection.v1alpha.ServerReflection/",
    ]
    .iter()
    .any(|service| path.starts_with(service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_table_is_unknown() {
        let ask = MethodPolicy::unary("/a.B/Ask", Scope::MetricsRead);
        let table = MethodTable::new([ask]);
        assert_eq!(table.look_up("/a.B/Ask"), Method::Known(ask));
        assert_eq!(table.look_up("/a.B/Other"), Method::Unknown);
        assert_eq!(table.look_up("/a.B/Ask/"), Method::Unknown);
        assert_eq!(table.look_up("/grpc.health.v1.Health/Check"), Method::Health);
        assert_eq!(
            table.look_up("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
            Method::Reflection
        );
        assert_eq!(table.look_up("/grpc.health.v1.HealthX/Check"), Method::Unknown);
    }
}
