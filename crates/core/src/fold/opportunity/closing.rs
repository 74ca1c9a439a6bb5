//! What a closed deal counts for, as long as it stands closed.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    Opportunity,
    crediting::shares,
    deal::{Facets, valued},
};
use crate::{
    dimension::Dimension,
    event::{Money, OpportunityLost, OpportunityWon},
    fold::{Context, Facts, Output, Purchase, PurchaseKind, Signal, elapsed},
    id::{Name, RepId},
    measure::{Builtin, Dimensions},
    policy::RevenueSource,
    subject::{Subject, SubjectKind},
};

/// How and when a deal was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Closing {
    #[serde(with = "crate::stored::instant")]
    pub(super) at: Timestamp,
    pub(super) won: bool,
    /// Who owned it then.
    pub(super) owner: Option<RepId>,
    /// How many activities it had taken by then.
    pub(super) activities: i64,
    reason: Option<Name>,
    competitor: Option<Name>,
}

impl Closing {
    pub(super) fn won(won: &OpportunityWon, at: Timestamp, owner: Option<RepId>, activities: i64) -> Self {
        let (reason, competitor) = (won.reason.clone(), won.competitor.clone());
        Self {
            at,
            won: true,
            owner,
            activities,
            reason,
            competitor,
        }
    }

    pub(super) fn lost(lost: &OpportunityLost, at: Timestamp, owner: Option<RepId>, activities: i64) -> Self {
        let (reason, competitor) = (lost.reason.clone(), lost.competitor.clone());
        Self {
            at,
            won: false,
            owner,
            activities,
            reason,
            competitor,
        }
    }

    /// Adds why it was closed to a row's dimensions.
    pub(super) fn mark(&self, dimensions: Dimensions) -> Dimensions {
        dimensions
            .with(Dimension::CloseReason, self.reason.as_ref())
            .with(Dimension::Competitor, self.competitor.as_ref())
    }
}

/// Puts out the rows and signals of a closing that stands.
pub(super) fn tell(opportunity: &Opportunity, closing: &Closing, context: &Context<'_>, out: &mut Output) {
    let Some(opening) = &opportunity.opening else { return };
    let facets = Facets {
        owner: closing.owner.clone(),
        ..opportunity.deal.facets.clone()
    };
    let dimensions = opportunity.deal.dimensions(&facets, context);
    let report = Report {
        opportunity,
        closing,
        context,
        opened_on: context.date(opening.at),
        // A deal that was first heard of when it was closed has no cycle.
        has_cycle: opening.told || opening.at != closing.at,
        dimensions: closing.mark(opportunity.stages.position().mark(dimensions)),
    };
    if closing.won {
        report.won(out);
        report.won_from_lead(out);
        report.purchased(out);
    } else {
        report.lost(out);
    }
    opportunity.stages.decide(closing, &opportunity.deal, context, out);
}

struct Report<'a> {
    opportunity: &'a Opportunity,
    closing: &'a Closing,
    context: &'a Context<'a>,
    opened_on: Date,
    has_cycle: bool,
    dimensions: Dimensions,
}

impl Report<'_> {
    fn won(&self, out: &mut Output) {
        self.amount(Builtin::Won, out);
        self.credited(Builtin::Bookings, out);
        if self.context.policies.revenue_source == RevenueSource::WonOpportunities {
            self.credited(Builtin::Revenue, out);
            self.amount(Builtin::SaleAmount, out);
        }
        self.cycle(Builtin::WonCycle, out);
        self.put(
            Builtin::WonActivities,
            self.opened_on,
            self.dimensions.clone(),
            self.closing.activities,
            out,
        );
    }

    fn lost(&self, out: &mut Output) {
        self.amount(Builtin::Lost, out);
        self.cycle(Builtin::LostCycle, out);
    }

    fn won_from_lead(&self, out: &mut Output) {
        let lead = self.opportunity.deal.lead_subject();
        if let Some(Facts::Lead { created_at, .. }) = lead.as_ref().map(|lead| self.context.facts(lead)) {
            let created_on = self.context.date(*created_at);
            let days = elapsed::days(created_on, self.context.date(self.closing.at));
            self.put(
                Builtin::WonCycleFromLead,
                created_on,
                self.dimensions.clone(),
                days,
                out,
            );
        }
    }

    fn purchased(&self, out: &mut Output) {
        let facets = &self.opportunity.deal.facets;
        let Some(account) = &facets.account else { return };
        let mut dimensions = self.opportunity.deal.dimensions(facets, self.context);
        dimensions.set(Dimension::Account, None);
        dimensions.set(Dimension::Rep, self.closing.owner.as_ref().map(RepId::name));
        let purchase = Purchase {
            by: PurchaseKind::Deal,
            kind: facets.kind,
            dimensions,
        };
        let account = Subject::new(SubjectKind::Account, account.name());
        out.signal(
            self.context.subject,
            account,
            self.closing.at,
            "won",
            Signal::Purchased(purchase),
        );
    }

    fn cycle(&self, measure: Builtin, out: &mut Output) {
        if self.has_cycle {
            let days = elapsed::days(self.opened_on, self.context.date(self.closing.at));
            self.put(measure, self.opened_on, self.dimensions.clone(), days, out);
        }
    }

    fn amount(&self, measure: Builtin, out: &mut Output) {
        let (dimensions, value) = valued(self.dimensions.clone(), self.opportunity.deal.amount);
        self.put(measure, self.opened_on, dimensions, value, out);
    }

    fn credited(&self, measure: Builtin, out: &mut Output) {
        let deal = &self.opportunity.deal;
        let micros = deal.amount.map_or(0, |amount| amount.micros);
        let crediting = self.context.policies.crediting;
        for (rep, micros) in shares(micros, self.closing.owner.as_ref(), &deal.splits, crediting) {
            let dimensions = self.dimensions.clone().with(Dimension::Rep, rep.map(RepId::name));
            let share = deal.amount.map(|amount| Money { micros, ..amount });
            let (dimensions, value) = valued(dimensions, share);
            self.put(measure, self.opened_on, dimensions, value, out);
        }
    }

    fn put(&self, measure: Builtin, origin: Date, dimensions: Dimensions, value: i64, out: &mut Output) {
        out.measure(
            self.context
                .measurement(measure, self.closing.at, origin, dimensions, value),
        );
    }
}
