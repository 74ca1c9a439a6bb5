//! Telling a server a history.

use anyhow::{Context as _, ensure};
use scoreline_proto::{
    events::v1::Event,
    ingestion::v1::EventOutcome,
    tenants::v1::{CreateTenantRequest, Settings},
};

use super::dice::Dice;
use crate::client::Clients;

/// The most events of a batch.
const MOST: i64 = 150;

/// A tenant of a server, and the commit up to which it was told.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Its clients.
    pub clients: Clients,
    /// Its newest commit.
    pub commit: i64,
}

/// Adds a tenant and sends it events in the order given, cut into random batches.
///
/// # Errors
/// When a call fails, or an event is not taken.
pub async fn play(
    endpoint: &str,
    tenant: &str,
    settings: Settings,
    events: &[Event],
    dice: &mut Dice,
) -> anyhow::Result<Stage> {
    let mut clients = Clients::connect(endpoint, tenant).await?;
    let request = CreateTenantRequest {
        tenant_id: tenant.to_owned(),
        settings: Some(settings),
    };
    clients
        .tenants
        .create_tenant(request)
        .await
        .context("creating the tenant")?;
    let mut stage = Stage { clients, commit: 0 };
    let mut rest = events;
    while !rest.is_empty() {
        let most = *dice.pick(&[1, 7, 60, MOST]);
        let length = usize::try_from(dice.between(1, most + 1))?.min(rest.len());
        let (batch, later) = rest.split_at(length);
        stage.send(batch).await?;
        rest = later;
    }
    Ok(stage)
}

impl Stage {
    async fn send(&mut self, batch: &[Event]) -> anyhow::Result<()> {
        let answer = self.clients.ingest(batch.to_vec()).await?;
        for (result, event) in answer.results.iter().zip(batch) {
            let taken = matches!(result.outcome(), EventOutcome::Accepted | EventOutcome::Duplicate);
            ensure!(
                taken,
                "{} {:?} of {event:?}",
                result.outcome().as_str_name(),
                result.violations
            );
        }
        self.commit = self.commit.max(answer.commit);
        Ok(())
    }
}

/// The same events in another order, some of them twice.
pub fn disturbed(events: &[Event], dice: &mut Dice) -> Vec<Event> {
    let again: Vec<Event> = events.iter().filter(|_| dice.percent(10)).cloned().collect();
    let mut all: Vec<Event> = events.iter().cloned().chain(again).collect();
    dice.shuffle(&mut all);
    all
}
