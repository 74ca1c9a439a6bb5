//! Leads and opportunities.

use std::collections::BTreeSet;

use scoreline_core::event::{
    LeadConverted, LeadCreated, LeadDisqualified, LeadQualified, OpportunityLost, OpportunityOpened,
    OpportunityReopened, OpportunityStageChanged, OpportunityUpdated, OpportunityWon, Split,
};

use super::{MAX_PARTS, attributes, opportunity_type};
use crate::{
    decimal,
    events::v1 as wire,
    reader::{
        Reader,
        number::{SHARE_PLACES, WHOLE_SHARE},
    },
    violation::Reason,
};

pub(super) fn lead_created(reader: &mut Reader, wire: &wire::LeadCreated) -> Option<LeadCreated> {
    Some(LeadCreated {
        owner: reader.optional("owner_id", &wire.owner_id),
        lead_source: reader.optional("lead_source", &wire.lead_source),
        campaign: reader.optional("campaign", &wire.campaign),
        channel: reader.optional("channel", &wire.channel),
        account: reader.optional("account_id", &wire.account_id),
        territory: reader.optional("territory_id", &wire.territory_id),
        attributes: attributes(reader, &wire.attributes),
        lead: reader.required("lead_id", &wire.lead_id)?,
    })
}

pub(super) fn lead_qualified(reader: &mut Reader, wire: &wire::LeadQualified) -> Option<LeadQualified> {
    Some(LeadQualified {
        lead: reader.required("lead_id", &wire.lead_id)?,
    })
}

pub(super) fn lead_disqualified(reader: &mut Reader, wire: &wire::LeadDisqualified) -> Option<LeadDisqualified> {
    Some(LeadDisqualified {
        reason: reader.optional("reason", &wire.reason),
        lead: reader.required("lead_id", &wire.lead_id)?,
    })
}

pub(super) fn lead_converted(reader: &mut Reader, wire: &wire::LeadConverted) -> Option<LeadConverted> {
    let lead = reader.required("lead_id", &wire.lead_id);
    Some(LeadConverted {
        opportunity: reader.optional("opportunity_id", &wire.opportunity_id),
        account: reader.required("account_id", &wire.account_id)?,
        lead: lead?,
    })
}

pub(super) fn opportunity_opened(reader: &mut Reader, wire: &wire::OpportunityOpened) -> Option<OpportunityOpened> {
    Some(OpportunityOpened {
        owner: reader.optional("owner_id", &wire.owner_id),
        account: reader.optional("account_id", &wire.account_id),
        lead: reader.optional("lead_id", &wire.lead_id),
        pipeline: reader.optional("pipeline", &wire.pipeline),
        stage: reader.optional("stage", &wire.stage),
        amount: reader.money("amount", wire.amount.as_ref()),
        close_date: reader.date("close_date", wire.close_date.as_ref()),
        kind: opportunity_type(reader, wire.r#type),
        product: reader.optional("product_id", &wire.product_id),
        lead_source: reader.optional("lead_source", &wire.lead_source),
        campaign: reader.optional("campaign", &wire.campaign),
        channel: reader.optional("channel", &wire.channel),
        territory: reader.optional("territory_id", &wire.territory_id),
        splits: splits(reader, &wire.splits),
        attributes: attributes(reader, &wire.attributes),
        opportunity: reader.required("opportunity_id", &wire.opportunity_id)?,
    })
}

pub(super) fn opportunity_updated(reader: &mut Reader, wire: &wire::OpportunityUpdated) -> Option<OpportunityUpdated> {
    Some(OpportunityUpdated {
        owner: reader.optional("owner_id", &wire.owner_id),
        amount: reader.money("amount", wire.amount.as_ref()),
        close_date: reader.date("close_date", wire.close_date.as_ref()),
        account: reader.optional("account_id", &wire.account_id),
        kind: opportunity_type(reader, wire.r#type),
        product: reader.optional("product_id", &wire.product_id),
        splits: wire
            .splits
            .as_ref()
            .map(|list| reader.within("splits", |reader| splits(reader, &list.splits))),
        opportunity: reader.required("opportunity_id", &wire.opportunity_id)?,
    })
}

pub(super) fn opportunity_stage_changed(
    reader: &mut Reader,
    wire: &wire::OpportunityStageChanged,
) -> Option<OpportunityStageChanged> {
    let opportunity = reader.required("opportunity_id", &wire.opportunity_id);
    Some(OpportunityStageChanged {
        pipeline: reader.optional("pipeline", &wire.pipeline),
        stage: reader.required("stage", &wire.stage)?,
        opportunity: opportunity?,
    })
}

pub(super) fn opportunity_won(reader: &mut Reader, wire: &wire::OpportunityWon) -> Option<OpportunityWon> {
    Some(OpportunityWon {
        amount: reader.money("amount", wire.amount.as_ref()),
        reason: reader.optional("reason", &wire.reason),
        competitor: reader.optional("competitor", &wire.competitor),
        opportunity: reader.required("opportunity_id", &wire.opportunity_id)?,
    })
}

pub(super) fn opportunity_lost(reader: &mut Reader, wire: &wire::OpportunityLost) -> Option<OpportunityLost> {
    Some(OpportunityLost {
        reason: reader.optional("reason", &wire.reason),
        competitor: reader.optional("competitor", &wire.competitor),
        opportunity: reader.required("opportunity_id", &wire.opportunity_id)?,
    })
}

pub(super) fn opportunity_reopened(
    reader: &mut Reader,
    wire: &wire::OpportunityReopened,
) -> Option<OpportunityReopened> {
    Some(OpportunityReopened {
        stage: reader.optional("stage", &wire.stage),
        opportunity: reader.required("opportunity_id", &wire.opportunity_id)?,
    })
}

/// Reads splits: distinct reps whose shares sum to 1, or none at all.
fn splits(reader: &mut Reader, wire: &[wire::Split]) -> Vec<Split> {
    if !reader.at_most("splits", wire.len(), MAX_PARTS) {
        return Vec::new();
    }
    let mut reps = BTreeSet::new();
    let splits = reader.each("splits", wire, |reader, split| {
        let rep = reader.required("rep_id", &split.rep_id);
        if !reps.insert(&split.rep_id) {
            reader.fault(
                "rep_id",
                Reason::Repeated,
                format!("`{}` has a share already", split.rep_id),
            );
        }
        let share_ppm = reader.share("share", &split.share);
        Some(Split {
            rep: rep?,
            share_ppm: share_ppm?,
        })
    });
    let sum: u64 = splits.iter().map(|split| u64::from(split.share_ppm)).sum();
    let complete = splits.len() == wire.len();
    if complete && !splits.is_empty() && sum != u64::from(WHOLE_SHARE) {
        // At most a hundred shares of at most 10⁶.
        let sum = decimal::print(i64::try_from(sum).unwrap_or(i64::MAX), SHARE_PLACES);
        reader.fault(
            "splits",
            Reason::SharesDoNotSum,
            format!("the shares sum to {sum}, they must sum to 1"),
        );
    }
    splits
}
