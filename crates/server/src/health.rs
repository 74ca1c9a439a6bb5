//! Health that means it: serving only while the readiness check passes, not serving while draining.
//!
//! `""` and each service name tell readiness; `liveness` tells that the process answers at all, and depends on nothing: an
//! outage of the database must not restart the services.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Mutex;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// The service name that is always serving.
pub const LIVENESS: &str = "liveness";
/// How long a check may take before it counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a check's answer is good for.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// Asks whether the process can do its work now; `Err` says why not.
pub type Readiness = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// Reports health.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    names: Arc<[String]>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Starting,
    NotReady,
    Ready,
    Draining,
}

impl Health {
    /// Not serving under `""` and these service names, until a check says otherwise.
    pub async fn new(service_names: impl IntoIterator<Item = String>) -> (Self, HealthServer<HealthService>) {
        let reporter = HealthReporter::new();
        let names = std::iter::once(String::new()).chain(service_names).collect();
        let health = Self {
            reporter: reporter.clone(),
            names,
            state: Arc::new(Mutex::new(State::Starting)),
        };
        health.publish(ServingStatus::NotServing).await;
        reporter.set_service_status(LIVENESS, ServingStatus::Serving).await;
        (health, HealthServer::new(HealthService::from_health_reporter(reporter)))
    }

    /// Checks for ever. Run it in a task that ends with the server.
    pub async fn watch(self, readiness: Readiness) {
        let mut ticks = tokio::time::interval(CHECK_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.apply(check(&readiness, CHECK_TIMEOUT).await).await;
        }
    }

    /// Not serving from now on, whatever checks say.
    pub async fn drain(&self) {
        *self.state.lock().await = State::Draining;
        self.publish(ServingStatus::NotServing).await;
    }

    async fn apply(&self, outcome: Result<(), String>) {
        let mut state = self.state.lock().await;
        let next = if outcome.is_ok() { State::Ready } else { State::NotReady };
        if *state == State::Draining || *state == next {
            return;
        }
        *state = next;
        match outcome {
            Ok(()) => tracing::info!("ready"),
            Err(reason) => tracing::warn!(reason, "not ready"),
        }
        self.publish(if next == State::Ready {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        })
        .await;
    }

    async fn publish(&self, status: ServingStatus) {
        for name in self.names.iter() {
            self.reporter.set_service_status(name, status).await;
        }
    }
}

async fn check(readiness: &Readiness, patience: Duration) -> Result<(), String> {
    match tokio::time::timeout(patience, readiness()).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("the check took longer than {patience:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_check_response::ServingStatus as Wire;
    use tonic_health::pb::health_server::Health as _;

    async fn told(service: &HealthService, name: &str) -> Wire {
        let request = tonic::Request::new(HealthCheckRequest {
            service: name.to_owned(),
        });
        service
            .check(request)
            .await
            .expect("the name is registered")
            .into_inner()
            .status()
    }

    async fn health() -> (Health, HealthService) {
        let (health, _server) = Health::new(["scoreline.a.v1.A".to_owned()]).await;
        let service = HealthService::from_health_reporter(health.reporter.clone());
        (health, service)
    }

    #[tokio::test]
    async fn nothing_is_serving_before_the_first_check_but_the_process_lives() {
        let (_health, service) = health().await;
        assert_eq!(told(&service, "").await, Wire::NotServing);
        assert_eq!(told(&service, "scoreline.a.v1.A").await, Wire::NotServing);
        assert_eq!(told(&service, LIVENESS).await, Wire::Serving);
    }

    #[tokio::test]
    async fn readiness_follows_the_check_until_the_service_drains() {
        let (health, service) = health().await;
        health.apply(Ok(())).await;
        assert_eq!(told(&service, "scoreline.a.v1.A").await, Wire::Serving);
        health.apply(Err("the database is away".to_owned())).await;
        assert_eq!(told(&service, "").await, Wire::NotServing);
        health.apply(Ok(())).await;
        health.drain().await;
        health.apply(Ok(())).await;
        assert_eq!(
            told(&service, "").await,
            Wire::NotServing,
            "a good check does not end the draining"
        );
        assert_eq!(told(&service, LIVENESS).await, Wire::Serving);
    }

    #[tokio::test]
    async fn a_check_that_hangs_has_failed() {
        let hangs: Readiness = Arc::new(|| Box::pin(std::future::pending()));
        let outcome = check(&hangs, Duration::from_millis(10)).await;
        assert_eq!(outcome, Err("the check took longer than 10ms".to_owned()));
    }
}
