//! A deal's way through the stages.
//!
//! The first entry into a stage makes an entrant, and every entrant has one fate: it advances when the deal later comes
//! into a further stage of the same pipeline, or is won; it is decided then, or when the deal is lost. Falling back to
//! an earlier stage is a new visit and no new entrant. All rows of an entrant are told apart by what the deal was when
//! it entered, owner included, so that whatever the grouping no more entrants advance than entered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    closing::Closing,
    deal::{Deal, Facets, valued},
};
use crate::{
    dimension::Dimension,
    event::Money,
    fold::{Context, Output, elapsed},
    id::Name,
    measure::{Builtin, Dimensions, Measurement},
    policy::{Pipeline, Policies},
};

/// A stage of a pipeline; no stage where none is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) pipeline: Option<Name>,
    pub(super) stage: Option<Name>,
}

impl Position {
    /// The default pipeline, in no stage.
    fn unknown(policies: &Policies) -> Self {
        Self {
            pipeline: policies.default_pipeline().map(|pipeline| pipeline.name.clone()),
            stage: None,
        }
    }

    /// The first stage of a pipeline; of the default where none is named.
    pub(super) fn first(policies: &Policies, pipeline: Option<&Name>) -> Self {
        let named = pipeline.or(policies.default_pipeline().map(|pipeline| &pipeline.name));
        let stages = named
            .and_then(|name| policies.pipeline(name))
            .map(|pipeline| &pipeline.stages);
        let first = stages.and_then(|stages| stages.first());
        Self {
            pipeline: named.cloned(),
            stage: first.map(|stage| stage.name.clone()),
        }
    }

    /// A named stage. Where no pipeline is named it is the current one if it has the stage, else the first that has.
    pub(super) fn named(policies: &Policies, stage: &Name, pipeline: Option<&Name>, current: Option<&Name>) -> Self {
        let has = |pipeline: &&Pipeline| pipeline.position(stage).is_some();
        let found = || {
            let current = current.and_then(|name| policies.pipeline(name)).filter(has);
            current
                .or_else(|| policies.pipelines.iter().find(has))
                .map(|pipeline| &pipeline.name)
        };
        let default = || policies.default_pipeline().map(|pipeline| &pipeline.name);
        let pipeline = pipeline.or_else(found).or(current).or_else(default);
        Self {
            pipeline: pipeline.cloned(),
            stage: Some(stage.clone()),
        }
    }

    /// Adds the position to a row's dimensions.
    pub(super) fn mark(&self, dimensions: Dimensions) -> Dimensions {
        dimensions
            .with(Dimension::Pipeline, self.pipeline.as_ref())
            .with(Dimension::Stage, self.stage.as_ref())
    }

    /// Whether `later` is a further stage of the same pipeline.
    fn precedes(&self, later: &Self, policies: &Policies) -> bool {
        let place = |position: &Self| {
            let pipeline = policies.pipeline(position.pipeline.as_ref()?)?;
            pipeline.position(position.stage.as_ref()?)
        };
        self.pipeline == later.pipeline
            && place(self)
                .zip(place(later))
                .is_some_and(|(earlier, later)| earlier < later)
    }
}

/// Where a deal is, and where it has been. As many entrants as there are stages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stages {
    place: Option<Place>,
    entrants: Vec<Entrant>,
}

/// Where a deal is; once it is closed, where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    position: Position,
    #[serde(with = "crate::stored::instant")]
    since: Timestamp,
}

/// A first entry into a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entrant {
    position: Position,
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    amount: Option<Money>,
    facets: Facets,
    advanced: bool,
}

impl Stages {
    /// Where the deal is, or was when it was closed.
    pub(super) fn position(&self) -> Position {
        self.place
            .as_ref()
            .map_or_else(Position::default, |place| place.position.clone())
    }

    /// Where the deal was first seen.
    pub(super) fn first_position(&self) -> Position {
        self.entrants
            .first()
            .map_or_else(|| self.position(), |entrant| entrant.position.clone())
    }

    /// Since when it is there.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.place.as_ref().map(|place| place.since)
    }

    /// Begins, before anything is known of stages.
    pub(super) fn begin(&mut self, policies: &Policies, at: Timestamp) {
        self.place = Some(Place {
            position: Position::unknown(policies),
            since: at,
        });
    }

    /// Comes into a stage. Entrants of earlier stages advance; the first time it is an entrant itself.
    pub(super) fn enter(
        &mut self,
        position: Position,
        at: Timestamp,
        deal: &Deal,
        context: &Context<'_>,
        out: &mut Output,
    ) {
        for entrant in &mut self.entrants {
            if !entrant.advanced && entrant.position.precedes(&position, context.policies) {
                entrant.advanced = true;
                out.measure(entrant.row(Builtin::StageAdvanced, at, deal, context));
                out.measure(entrant.row(Builtin::StageDecided, at, deal, context));
            }
        }
        if position.stage.is_some() && !self.entrants.iter().any(|entrant| entrant.position == position) {
            let entrant = Entrant {
                position: position.clone(),
                at,
                amount: deal.amount,
                facets: deal.facets.clone(),
                advanced: false,
            };
            out.measure(entrant.row(Builtin::StageEntered, at, deal, context));
            self.entrants.push(entrant);
        }
        self.place = Some(Place { position, since: at });
    }

    /// Leaves the stage, whereto ever: the visit is complete.
    pub(super) fn leave(&self, at: Timestamp, deal: &Deal, context: &Context<'_>, out: &mut Output) {
        let Some(place) = self.place.as_ref().filter(|place| place.position.stage.is_some()) else {
            return;
        };
        let dimensions = place.position.mark(deal.dimensions(&deal.facets, context));
        let value = elapsed::millis(place.since, at);
        out.measure(context.measurement(Builtin::StageVisit, at, context.date(place.since), dimensions, value));
    }

    /// What the closing decides, as long as it stands.
    pub(super) fn decide(&self, closing: &Closing, deal: &Deal, context: &Context<'_>, out: &mut Output) {
        for entrant in self.entrants.iter().filter(|entrant| !entrant.advanced) {
            if closing.won {
                out.measure(entrant.row(Builtin::StageAdvanced, closing.at, deal, context));
            }
            out.measure(entrant.row(Builtin::StageDecided, closing.at, deal, context));
        }
        let left = self.position();
        let leaked = self
            .entrants
            .iter()
            .find(|entrant| entrant.position == left)
            .filter(|_| !closing.won);
        if let Some(entrant) = leaked {
            let mut row = entrant.row(Builtin::StageLeaked, closing.at, deal, context);
            row.dimensions = closing.mark(row.dimensions);
            out.measure(row);
        }
    }
}

impl Entrant {
    fn row(&self, measure: Builtin, at: Timestamp, deal: &Deal, context: &Context<'_>) -> Measurement {
        let dimensions = self.position.mark(deal.dimensions(&self.facets, context));
        let (dimensions, value) = valued(dimensions, self.amount);
        context.measurement(measure, at, context.date(self.at), dimensions, value)
    }
}
