//! The stages of the default pipeline, and how deals fare in them.

use scoreline_core::id::Name;

use super::journal::name;

/// How a stage is gone through.
pub(super) struct Stage {
    pub(super) name: &'static str,
    /// How often an average rep gets an average deal out of it and on.
    passes: f64,
    /// How many days that takes, in the middle.
    pub(super) days: f64,
}

/// The stages, first to last.
pub(super) const STAGES: [Stage; 5] = [
    Stage {
        name: "prospecting",
        passes: 0.74,
        days: 6.0,
    },
    Stage {
        name: "qualification",
        passes: 0.71,
        days: 9.0,
    },
    Stage {
        name: "proposal",
        passes: 0.72,
        days: 10.0,
    },
    Stage {
        name: "negotiation",
        passes: 0.80,
        days: 8.0,
    },
    Stage {
        name: "commit",
        passes: 0.93,
        days: 4.0,
    },
];

pub(super) fn stage_name(stage: usize) -> Name {
    name(STAGES[stage].name)
}

/// How often a deal gets on from a stage with some odds; 1 is average.
pub(super) fn passes(stage: usize, odds: f64) -> f64 {
    STAGES[stage].passes.powf(1.0 / odds)
}
