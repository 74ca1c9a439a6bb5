//! How far it is, for whoever watches.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Tally;

/// A bar on standard error; nothing where that is no terminal.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar over so many bytes, or a count where nobody knows how many there are.
    pub(crate) fn of_bytes(bytes: Option<u64>) -> Self {
        let template = match bytes {
            Some(_) => "{bar:32} {percent:>3} %  {bytes}/{total_bytes}  {eta:>4} left  {msg}",
            None => "{spinner} {elapsed}  {msg}",
        };
        Self::new(bytes, template)
    }

    /// A bar over so many things.
    pub(crate) fn of_things(count: Option<u64>) -> Self {
        let template = match count {
            Some(_) => "{bar:32} {percent:>3} %  {human_pos}/{human_len}  {eta:>4} left  {msg}",
            None => "{spinner} {elapsed}  {human_pos}  {msg}",
        };
        Self::new(count, template)
    }

    fn new(length: Option<u64>, template: &str) -> Self {
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr_with_hz(5));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if !bar.is_hidden() && length.is_none() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self(bar)
    }

    /// So far it is.
    pub(crate) fn at(&self, position: u64, tally: &Tally) {
        self.0.set_position(position);
        self.0.set_message(tally.to_string());
    }

    /// It is over; the bar goes.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
