//! What the fold of one kind of subject is.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Occurrence, occurrence::Key};
use crate::{
    calendar::Days,
    id::Name,
    measure::{Builtin, Dimensions, Measure, Measurement},
    policy::Policies,
    subject::Subject,
};

/// The fold of one kind of subject. The state is bounded: it does not grow with the history, except by what a
/// subject can only have few of.
pub trait Machine: Default + Clone + PartialEq + Serialize + DeserializeOwned {
    /// Whether it looks at [`Context::links`] in [`Machine::tail`] only; its `step` finds none there. Then what it took in
    /// stays as it is when they change, however long the history is.
    const READS_AT_END: bool = false;

    /// Takes in the next occurrence, by [`Key`] later than all before, and puts out rows that stay.
    fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output);

    /// Puts out the rows that hold as long as nothing more happens.
    fn tail(&self, context: &Context<'_>, out: &mut Output);

    /// The subject whose [`Facts`] it reads through [`Context::links`], as far as it has read on.
    fn reads(&self) -> Option<Subject> {
        None
    }

    /// What other subjects may read of it.
    fn facts(&self) -> Facts {
        Facts::None
    }
}

/// What other subjects may read of a subject. A change folds those that read it again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Facts {
    /// Nothing, or nothing yet.
    #[default]
    None,
    /// Of a lead.
    Lead {
        /// When it was created.
        #[serde(with = "crate::stored::instant")]
        created_at: Timestamp,
        /// Where it came from.
        lead_source: Option<Name>,
        /// The campaign that brought it.
        campaign: Option<Name>,
        /// The channel over which it came.
        channel: Option<Name>,
    },
    /// Of an account.
    Account {
        /// Its first purchase.
        #[serde(with = "crate::stored::optional_instant")]
        first_purchase: Option<Timestamp>,
    },
}

/// The facts of linked subjects, as the fold last read them.
pub type Links = BTreeMap<Subject, Facts>;

/// What a fold may look at beside its state and the occurrence.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The subject that is folded.
    pub subject: &'a Subject,
    /// What the tenant states once.
    pub policies: &'a Policies,
    /// The business dates of the tenant's time zone.
    pub days: &'a Days,
    /// The facts of the subjects that it reads; absent: not known yet, to be taken as [`Facts::None`].
    pub links: &'a Links,
}

impl Context<'_> {
    /// The business date of an instant.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> Date {
        self.days.date_of(at)
    }

    /// The facts of a linked subject.
    #[must_use]
    pub fn facts(&self, subject: &Subject) -> &Facts {
        self.links.get(subject).unwrap_or(&Facts::None)
    }

    /// A measurement of this subject that happened at an instant; it entered on `origin_date`.
    #[must_use]
    pub fn measurement(
        &self,
        measure: Builtin,
        at: Timestamp,
        origin_date: Date,
        dimensions: Dimensions,
        value: i64,
    ) -> Measurement {
        Measurement {
            measure: Measure::Builtin(measure),
            date: self.date(at),
            origin_date,
            instant: at,
            subject: self.subject.clone(),
            dimensions,
            value,
        }
    }
}

/// The rows that a fold puts out: measurements and signals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Measurements; each stands for count +1.
    pub measurements: Vec<Measurement>,
    /// Signals, with the subject that they go to and their place in its history.
    pub signals: Vec<(Subject, Occurrence)>,
}

impl Output {
    /// Puts out a measurement.
    pub fn measure(&mut self, measurement: Measurement) {
        self.measurements.push(measurement);
    }

    /// Tells another subject something that happened at an instant. `what` tells it apart from other signals of the
    /// same sender to the same subject.
    pub fn signal(&mut self, from: &Subject, to: Subject, at: Timestamp, what: &str, signal: super::Signal) {
        let key = Key {
            at,
            id: format!("~{from}/{what}").into(),
        };
        self.signals.push((
            to,
            Occurrence {
                key,
                what: super::What::Signal(signal),
            },
        ));
    }
}
