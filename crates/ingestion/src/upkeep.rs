//! Upkeep in the background: what processes before this one had no time to write, and merging small segments of the ledger.

use std::{collections::HashSet, sync::Arc};

use scoreline_core::id::TenantId;
use scoreline_server::{config, shutdown::Shutdown};
use scoreline_storage::{CompactionPlan, Store};

use crate::service::Recent;

/// Catches up for every tenant. Then merges until the process stops: at first for every tenant, then for those that got
/// events.
///
/// It may be stopped at any time; a merge is one transaction.
pub async fn run(store: Arc<dyn Store>, settings: config::Compaction, recent: Recent, shutdown: Shutdown) {
    let plan = CompactionPlan {
        fan_in: settings.min_segments,
        max_rows: settings.target_rows as u64,
    };
    let mut due = everyone(&store).await;
    for tenant in &due {
        if shutdown.is_closing() {
            return;
        }
        catch_up(&store, tenant).await;
    }
    if !settings.enabled {
        return;
    }
    loop {
        for tenant in std::mem::take(&mut due) {
            if shutdown.is_closing() {
                return;
            }
            if !compact(&store, &tenant, &plan).await {
                due.insert(tenant);
            }
        }
        tokio::select! {
            () = shutdown.closing() => return,
            () = tokio::time::sleep(settings.interval) => {}
        }
        due.extend(recent.take());
    }
}

/// The next commit would do the same, and questions about subjects do it each time.
async fn catch_up(store: &Arc<dyn Store>, tenant: &TenantId) {
    if let Err(error) = store.catch_up(tenant).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(%tenant, error, "the state of subjects could not be brought up to the log");
    }
}

async fn everyone(store: &Arc<dyn Store>) -> HashSet<TenantId> {
    match store.tenants().await {
        Ok(tenants) => tenants.into_iter().map(|tenant| tenant.id).collect(),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "tenants could not be listed for upkeep"
            );
            HashSet::new()
        }
    }
}

/// Merges until there is nothing to merge. Says whether it got there.
async fn compact(store: &Arc<dyn Store>, tenant: &TenantId, plan: &CompactionPlan) -> bool {
    loop {
        match store.compact(tenant, plan).await {
            Ok(Some(merged)) => {
                tracing::debug!(%tenant, segments = merged.segments, rows = merged.rows, "segments merged");
            }
            Ok(None) => return true,
            Err(error) => {
                tracing::warn!(%tenant, error = &error as &dyn std::error::Error, "segments could not be merged");
                return false;
            }
        }
    }
}
