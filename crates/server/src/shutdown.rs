//! Stopping in order: say so, keep accepting while others notice, stop accepting, finish what is in flight, leave.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How far the process is in stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    /// Health says "not serving"; new calls are still answered.
    Announced,
    /// No new calls. Streams should come to an end.
    Closing,
}

/// A handle that starts the stop and lets others wait for it. Clones share it.
#[derive(Debug, Clone)]
pub struct Shutdown {
    phase: Arc<watch::Sender<Phase>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A process that serves.
    pub fn new() -> Self {
        Self {
            phase: Arc::new(watch::channel(Phase::Serving).0),
        }
    }

    /// Starts the stop. A second call hurries it: no more waiting for others to notice.
    pub fn begin(&self) {
        self.phase.send_modify(|phase| {
            *phase = if *phase == Phase::Serving {
                Phase::Announced
            } else {
                Phase::Closing
            };
        });
    }

    /// Resolves when the stop has begun.
    pub async fn begun(&self) {
        self.reached(Phase::Announced).await;
    }

    /// Resolves when no new calls are taken. A long-lived stream ends itself here.
    pub async fn closing(&self) {
        self.reached(Phase::Closing).await;
    }

    /// Whether no new calls are taken.
    pub fn is_closing(&self) -> bool {
        *self.phase.borrow() >= Phase::Closing
    }

    /// Moves on to closing after `propagation`, or as soon as someone hurries.
    pub(crate) async fn close_after(&self, propagation: Duration) {
        // Either way the answer is the same: it is time.
        let _ = tokio::time::timeout(propagation, self.closing()).await;
        self.phase.send_replace(Phase::Closing);
    }

    /// Begins the stop on SIGTERM or SIGINT, and hurries it on the second one.
    ///
    /// # Errors
    /// When the system refuses to deliver signals.
    pub fn on_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let shutdown = self.clone();
        tokio::spawn(async move {
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                tracing::info!(signal = name, "stopping");
                shutdown.begin();
            }
        });
        Ok(())
    }

    async fn reached(&self, phase: Phase) {
        let mut watcher = self.phase.subscribe();
        watcher
            .wait_for(|now| *now >= phase)
            .await
            .expect("the sender lives as long as self");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn others_get_time_to_notice() {
        let shutdown = Shutdown::new();
        shutdown.begin();
        shutdown.begun().await;
        assert!(!shutdown.is_closing());
        let began = std::time::Instant::now();
        shutdown.close_after(Duration::from_millis(20)).await;
        assert!(began.elapsed() >= Duration::from_millis(20));
        shutdown.closing().await;
    }

    #[tokio::test]
    async fn a_second_signal_hurries() {
        let shutdown = Shutdown::new();
        shutdown.begin();
        let waiting = shutdown.close_after(Duration::from_secs(3600));
        futures::join!(waiting, async { shutdown.begin() });
        assert!(shutdown.is_closing(), "without waiting an hour");
    }

    #[tokio::test]
    async fn the_process_stops_when_it_is_told_to() {
        let shutdown = Shutdown::new();
        shutdown.on_signals().expect("signals are delivered");
        let me = std::process::id().to_string();
        for _ in 0..2 {
            let sent = std::process::Command::new("kill")
                .args(["-TERM", &me])
                .status()
                .expect("kill runs");
            assert!(sent.success());
            shutdown.begun().await;
        }
        shutdown.closing().await;
    }
}
