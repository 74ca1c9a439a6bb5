//! Leads and opportunities.

use scoreline_core::event::{
    LeadConverted, LeadCreated, LeadDisqualified, LeadQualified, OpportunityLost, OpportunityOpened,
    OpportunityReopened, OpportunityStageChanged, OpportunityUpdated, OpportunityWon, Split,
};

use super::{attributes, date, money, opportunity_type, text};
use crate::{decimal, events::v1 as wire, reader::number::SHARE_PLACES};

pub(super) fn lead_created(payload: &LeadCreated) -> wire::LeadCreated {
    wire::LeadCreated {
        lead_id: payload.lead.to_string(),
        owner_id: text(&payload.owner),
        lead_source: text(&payload.lead_source),
        campaign: text(&payload.campaign),
        channel: text(&payload.channel),
        account_id: text(&payload.account),
        territory_id: text(&payload.territory),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn lead_qualified(payload: &LeadQualified) -> wire::LeadQualified {
    wire::LeadQualified {
        lead_id: payload.lead.to_string(),
    }
}

pub(super) fn lead_disqualified(payload: &LeadDisqualified) -> wire::LeadDisqualified {
    wire::LeadDisqualified {
        lead_id: payload.lead.to_string(),
        reason: text(&payload.reason),
    }
}

pub(super) fn lead_converted(payload: &LeadConverted) -> wire::LeadConverted {
    wire::LeadConverted {
        lead_id: payload.lead.to_string(),
        account_id: payload.account.to_string(),
        opportunity_id: text(&payload.opportunity),
    }
}

pub(super) fn opportunity_opened(payload: &OpportunityOpened) -> wire::OpportunityOpened {
    wire::OpportunityOpened {
        opportunity_id: payload.opportunity.to_string(),
        owner_id: text(&payload.owner),
        account_id: text(&payload.account),
        lead_id: text(&payload.lead),
        pipeline: text(&payload.pipeline),
        stage: text(&payload.stage),
        amount: payload.amount.map(money),
        close_date: payload.close_date.map(date),
        r#type: opportunity_type(payload.kind),
        product_id: text(&payload.product),
        lead_source: text(&payload.lead_source),
        campaign: text(&payload.campaign),
        channel: text(&payload.channel),
        territory_id: text(&payload.territory),
        splits: splits(&payload.splits),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn opportunity_updated(payload: &OpportunityUpdated) -> wire::OpportunityUpdated {
    wire::OpportunityUpdated {
        opportunity_id: payload.opportunity.to_string(),
        owner_id: text(&payload.owner),
        amount: payload.amount.map(money),
        close_date: payload.close_date.map(date),
        account_id: text(&payload.account),
        r#type: opportunity_type(payload.kind),
        product_id: text(&payload.product),
        splits: payload
            .splits
            .as_deref()
            .map(|list| wire::SplitList { splits: splits(list) }),
    }
}

pub(super) fn opportunity_stage_changed(payload: &OpportunityStageChanged) -> wire::OpportunityStageChanged {
    wire::OpportunityStageChanged {
        opportunity_id: payload.opportunity.to_string(),
        stage: payload.stage.to_string(),
        pipeline: text(&payload.pipeline),
    }
}

pub(super) fn opportunity_won(payload: &OpportunityWon) -> wire::OpportunityWon {
    wire::OpportunityWon {
        opportunity_id: payload.opportunity.to_string(),
        amount: payload.amount.map(money),
        reason: text(&payload.reason),
        competitor: text(&payload.competitor),
    }
}

pub(super) fn opportunity_lost(payload: &OpportunityLost) -> wire::OpportunityLost {
    wire::OpportunityLost {
        opportunity_id: payload.opportunity.to_string(),
        reason: text(&payload.reason),
        competitor: text(&payload.competitor),
    }
}

pub(super) fn opportunity_reopened(payload: &OpportunityReopened) -> wire::OpportunityReopened {
    wire::OpportunityReopened {
        opportunity_id: payload.opportunity.to_string(),
        stage: text(&payload.stage),
    }
}

fn splits(splits: &[Split]) -> Vec<wire::Split> {
    let share = |split: &Split| decimal::print(split.share_ppm.into(), SHARE_PLACES);
    splits
        .iter()
        .map(|split| wire::Split {
            rep_id: split.rep.to_string(),
            share: share(split),
        })
        .collect()
}
