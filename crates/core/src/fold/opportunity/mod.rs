//! The fold of an opportunity.
//!
//! What the histories of real systems leave open is read so:
//! - Any event of the deal's own opens it if none has. Without an `opened` event it is in no stage until one is named,
//!   and if it was first heard of when it was closed, it has no cycle. An `opened` event that comes after others fills
//!   in what they left open; so does a second one.
//! - Of several closings without a reopening between them the last one holds.
//! - A stage change of a closed deal reopens it; at the very instant of the closing it came just before.
//! - An update of a closed deal corrects what its closing counts for; a change of owner then moves no credit.
//! - Reopening an open deal is a stage change if it names a stage, else nothing.
//! - Activities linked to it neither open nor reopen it.

mod closing;
mod crediting;
mod deal;
mod pipeline;
mod stages;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::{
    closing::Closing,
    deal::{Deal, valued},
    pipeline::{balances, settle},
    stages::{Position, Stages},
};
use super::{Context, Machine, Occurrence, Output, Signal, What, elapsed};
use crate::{
    event::{OpportunityOpened, OpportunityReopened, OpportunityStageChanged, OpportunityUpdated, Payload},
    id::{Name, OpportunityId},
    measure::Builtin,
    subject::Subject,
};

/// The fold of an opportunity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opportunity {
    opening: Option<Opening>,
    deal: Deal,
    stages: Stages,
    closing: Option<Closing>,
    activities: i64,
}

/// When a deal was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Opening {
    #[serde(with = "crate::stored::instant")]
    at: Timestamp,
    /// Whether an `opened` event told so.
    told: bool,
}

impl Machine for Opportunity {
    fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output) {
        let What::Event(payload) = &occurrence.what else { return };
        let at = occurrence.key.at;
        if let Payload::ActivityLogged(_) = payload {
            return self.count_activity(at);
        }
        let before = balances(self, context);
        match payload {
            Payload::OpportunityOpened(opened) => self.open(opened, at, context, out),
            Payload::OpportunityUpdated(updated) => self.update(updated, at, context, out),
            Payload::OpportunityStageChanged(changed) => self.change_stage(changed, at, context, out),
            Payload::OpportunityReopened(reopened) => self.reopen(reopened, at, context, out),
            Payload::OpportunityWon(won) => {
                self.deal.amount = won.amount.or(self.deal.amount);
                let closing = Closing::won(won, at, self.deal.facets.owner.clone(), self.activities);
                self.close(closing, context, out);
            }
            Payload::OpportunityLost(lost) => {
                let closing = Closing::lost(lost, at, self.deal.facets.owner.clone(), self.activities);
                self.close(closing, context, out);
            }
            _ => return,
        }
        settle(&before, &balances(self, context), at, context, out);
    }

    fn tail(&self, context: &Context<'_>, out: &mut Output) {
        let Some(opening) = &self.opening else { return };
        if !opening.told {
            self.tell_opening(opening.at, context, out);
        }
        self.tell_lead(opening.at, context, out);
        if let Some(closing) = &self.closing {
            closing::tell(self, closing, context, out);
        }
    }

    fn reads(&self) -> Option<Subject> {
        self.deal.lead_subject()
    }
}

impl Opportunity {
    fn open(&mut self, opened: &OpportunityOpened, at: Timestamp, context: &Context<'_>, out: &mut Output) {
        let opened_at = self.imply_opening(at, context);
        self.deal.open(opened);
        self.keep_owner(at);
        if self.opening.as_ref().is_some_and(|opening| opening.told) {
            return;
        }
        if self.stages.position().stage.is_none() {
            let pipeline = opened.pipeline.as_ref();
            let position = match &opened.stage {
                Some(stage) => Position::named(context.policies, stage, pipeline, None),
                None => Position::first(context.policies, pipeline),
            };
            self.stages.enter(position, at, &self.deal, context, out);
            if self.closed_at(at) {
                self.stages.leave(at, &self.deal, context, out);
            }
        }
        self.opening = Some(Opening {
            at: opened_at,
            told: true,
        });
        self.tell_opening(opened_at, context, out);
    }

    fn update(&mut self, updated: &OpportunityUpdated, at: Timestamp, context: &Context<'_>, out: &mut Output) {
        let opened_at = self.imply_opening(at, context);
        let due_before = self.deal.close_date;
        self.deal.update(updated);
        self.keep_owner(at);
        let pushed_by = due_before
            .zip(self.deal.close_date)
            .map_or(0, |(before, after)| elapsed::days(before, after));
        if pushed_by > 0 && self.closing.is_none() {
            let dimensions = self
                .stages
                .position()
                .mark(self.deal.dimensions(&self.deal.facets, context));
            let opened_on = context.date(opened_at);
            out.measure(context.measurement(Builtin::CloseDatePushed, at, opened_on, dimensions, pushed_by));
        }
    }

    fn change_stage(
        &mut self,
        changed: &OpportunityStageChanged,
        at: Timestamp,
        context: &Context<'_>,
        out: &mut Output,
    ) {
        self.imply_opening(at, context);
        let position = self.position_of(&changed.stage, changed.pipeline.as_ref(), context);
        let just_closed = self.closed_at(at);
        if position == self.stages.position() && (just_closed || self.closing.is_none()) {
            return;
        }
        if self.closing.is_none() {
            self.stages.leave(at, &self.deal, context, out);
        }
        self.stages.enter(position, at, &self.deal, context, out);
        if just_closed {
            self.stages.leave(at, &self.deal, context, out);
        } else {
            self.closing = None;
        }
    }

    fn reopen(&mut self, reopened: &OpportunityReopened, at: Timestamp, context: &Context<'_>, out: &mut Output) {
        self.imply_opening(at, context);
        let current = self.stages.position();
        let named = reopened
            .stage
            .as_ref()
            .map(|stage| self.position_of(stage, None, context));
        let position = named.unwrap_or_else(|| current.clone());
        let was_closed = self.closing.take().is_some();
        if !was_closed && position == current {
            return;
        }
        if !was_closed {
            self.stages.leave(at, &self.deal, context, out);
        }
        self.stages.enter(position, at, &self.deal, context, out);
    }

    fn close(&mut self, closing: Closing, context: &Context<'_>, out: &mut Output) {
        self.imply_opening(closing.at, context);
        if self.closing.is_none() {
            self.stages.leave(closing.at, &self.deal, context, out);
        }
        self.closing = Some(closing);
    }

    /// When the deal was opened: now, if nothing was heard of it before.
    fn imply_opening(&mut self, at: Timestamp, context: &Context<'_>) -> Timestamp {
        if self.opening.is_none() {
            self.stages.begin(context.policies, at);
        }
        self.opening.get_or_insert(Opening { at, told: false }).at
    }

    /// Credit stays with the owner of the closing, unless that one was unknown, or changed at the very instant.
    fn keep_owner(&mut self, at: Timestamp) {
        if let Some(closing) = &mut self.closing
            && (closing.owner.is_none() || closing.at == at)
        {
            closing.owner.clone_from(&self.deal.facets.owner);
        }
    }

    fn count_activity(&mut self, at: Timestamp) {
        self.activities = self.activities.saturating_add(1);
        if let Some(closing) = self.closing.as_mut().filter(|closing| closing.at == at) {
            closing.activities = self.activities;
        }
    }

    fn closed_at(&self, at: Timestamp) -> bool {
        self.closing.as_ref().is_some_and(|closing| closing.at == at)
    }

    fn position_of(&self, stage: &Name, pipeline: Option<&Name>, context: &Context<'_>) -> Position {
        Position::named(
            context.policies,
            stage,
            pipeline,
            self.stages.position().pipeline.as_ref(),
        )
    }

    fn tell_opening(&self, at: Timestamp, context: &Context<'_>, out: &mut Output) {
        let dimensions = self
            .stages
            .first_position()
            .mark(self.deal.dimensions(&self.deal.facets, context));
        let (dimensions, value) = valued(dimensions, self.deal.amount);
        out.measure(context.measurement(Builtin::OpportunityOpened, at, context.date(at), dimensions, value));
    }

    fn tell_lead(&self, at: Timestamp, context: &Context<'_>, out: &mut Output) {
        if let Some((lead, opportunity)) = self
            .deal
            .lead_subject()
            .zip(OpportunityId::new(&context.subject.id).ok())
        {
            let account = self.deal.facets.account.clone();
            out.signal(
                context.subject,
                lead,
                at,
                "opened",
                Signal::OpportunityOpened { opportunity, account },
            );
        }
    }
}
