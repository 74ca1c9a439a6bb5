//! The transactional lifecycle: active from a purchase until so many days after the latest one.
//!
//! The leaving lies in the future and moves on with every purchase on an earlier day, so it is told by the tail. A
//! purchase on the very day of leaving, or later, finds a customer who has left: the leaving stands and it enters again.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::{
    calendar::{date_of_day_number, day_number},
    dimension::Dimension,
    fold::Output,
    measure::{Builtin, Dimensions},
};

/// The time in which the account is an active customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window(Option<Open>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    /// Those of the purchase that began it, for the leaving as for the entering.
    dimensions: Dimensions,
    #[serde(with = "crate::stored::date")]
    leaves_on: Date,
}

impl Window {
    /// Takes in a purchase.
    pub(super) fn extend(
        &mut self,
        window_days: u32,
        at: Timestamp,
        dimensions: &Dimensions,
        entry: Entry<'_>,
        out: &mut Output,
    ) {
        let bought_on = entry.context.date(at);
        let days = i32::try_from(window_days).unwrap_or(i32::MAX);
        let leaves_on = date_of_day_number(day_number(bought_on).saturating_add(days));
        if let Some(open) = self.0.as_mut().filter(|open| bought_on < open.leaves_on) {
            open.leaves_on = open.leaves_on.max(leaves_on);
            return;
        }
        self.close(entry, out);
        entry.count(Builtin::ActiveCustomers, at, dimensions, out);
        self.0 = Some(Open {
            dimensions: dimensions.clone(),
            leaves_on,
        });
    }

    /// Puts out the leaving, on its day.
    pub(super) fn close(&self, entry: Entry<'_>, out: &mut Output) {
        let Some(open) = &self.0 else { return };
        let left_at = entry.context.policies.time_zone.start_of_day(open.leaves_on);
        let dimensions = open.dimensions.clone().with(Dimension::Currency, None);
        let account = Some(&entry.context.subject.id);
        let mut row = entry.context.measurement(
            Builtin::ActiveCustomers,
            left_at,
            entry.origin,
            dimensions.with(Dimension::Account, account),
            -1,
        );
        // A day that the zone skips holds no instant; the row still has it for its date.
        row.date = open.leaves_on;
        out.measure(row);
    }
}
