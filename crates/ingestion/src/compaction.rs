//! Merging small segments of the ledger in the background.

use std::{collections::HashSet, sync::Arc};

use scoreline_core::id::TenantId;
use scoreline_server::{config, shutdown::Shutdown};
use scoreline_storage::{CompactionPlan, Store};

use crate::service::Recent;

/// Merges until the process stops: at first for every tenant, then for those that got events.
///
/// It may be stopped at any time; a merge is one transaction.
pub async fn run(store: Arc<dyn Store>, settings: config::Compaction, recent: Recent, shutdown: Shutdown) {
    if !settings.enabled {
        return;
    }
    let plan = CompactionPlan {
        fan_in: settings.min_segments,
        max_rows: settings.target_rows as u64,
    };
    let mut due = everyone(&store).await;
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

async fn everyone(store: &Arc<dyn Store>) -> HashSet<TenantId> {
    match store.tenants().await {
        Ok(tenants) => tenants.into_iter().map(|tenant| tenant.id).collect(),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "tenants could not be listed for compaction"
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
