//! Stories of deals.

mod closing;
mod history;
mod properties;
mod stages;

use serde_json::{Value, json};

use super::Opportunity;
use crate::{fold::story::Story, measure::Builtin, subject::SubjectKind};

fn deal() -> Story<Opportunity> {
    Story::of(SubjectKind::Opportunity)
}

fn euros(units: i64) -> Value {
    json!({"currency": "EUR", "micros": units})
}

trait Told: Sized {
    fn opened(self, at: &str, fields: Value) -> Self;
    fn updated(self, at: &str, fields: Value) -> Self;
    fn moved(self, at: &str, stage: &str) -> Self;
    fn won(self, at: &str) -> Self;
    fn lost(self, at: &str) -> Self;
    fn reopened(self, at: &str) -> Self;
    fn rows(&self, measures: &[Builtin]) -> Vec<String>;
}

fn with_id(mut fields: Value) -> Value {
    fields["opportunity"] = json!("s1");
    fields
}

impl Told for Story<Opportunity> {
    fn opened(self, at: &str, mut fields: Value) -> Self {
        if fields.get("splits").is_none() {
            fields["splits"] = json!([]);
        }
        self.then(at, &format!("{at} opened"), "opportunity_opened", with_id(fields))
    }

    fn updated(self, at: &str, fields: Value) -> Self {
        self.then(at, &format!("{at} updated"), "opportunity_updated", with_id(fields))
    }

    fn moved(self, at: &str, stage: &str) -> Self {
        let fields = with_id(json!({ "stage": stage }));
        self.then(
            at,
            &format!("{at} moved to {stage}"),
            "opportunity_stage_changed",
            fields,
        )
    }

    fn won(self, at: &str) -> Self {
        self.then(at, &format!("{at} won"), "opportunity_won", with_id(json!({})))
    }

    fn lost(self, at: &str) -> Self {
        let fields = with_id(json!({"reason": "price", "competitor": "rival"}));
        self.then(at, &format!("{at} lost"), "opportunity_lost", fields)
    }

    fn reopened(self, at: &str) -> Self {
        self.then(
            at,
            &format!("{at} reopened"),
            "opportunity_reopened",
            with_id(json!({})),
        )
    }

    fn rows(&self, measures: &[Builtin]) -> Vec<String> {
        let asked = |line: &String| {
            measures
                .iter()
                .any(|measure| line.split(' ').next() == Some(measure.name()))
        };
        self.told().into_iter().filter(asked).collect()
    }
}

const STAGES: &[Builtin] = &[
    Builtin::StageEntered,
    Builtin::StageAdvanced,
    Builtin::StageDecided,
    Builtin::StageLeaked,
    Builtin::StageVisit,
];
const STOCKS: &[Builtin] = &[Builtin::OpenOpportunities, Builtin::PipelineAmount];
const CLOSINGS: &[Builtin] = &[
    Builtin::Won,
    Builtin::Lost,
    Builtin::Bookings,
    Builtin::WonCycle,
    Builtin::LostCycle,
];
