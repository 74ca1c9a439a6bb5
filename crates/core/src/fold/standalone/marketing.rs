//! What marketing costs, and whom it reaches.

use super::Rows;
use crate::{
    dimension::Dimension,
    event::{CostIncurred, SocialEngagementRecorded, WebTrafficRecorded},
    fold::words::{name, with_attributes},
    id::RepId,
    measure::{Builtin, Dimensions},
};

pub(super) fn cost(cost: &CostIncurred, rows: &mut Rows<'_>) {
    let dimensions = Dimensions::new()
        .with(Dimension::CostCategory, Some(&cost.category))
        .with(Dimension::LeadSource, cost.lead_source.as_ref())
        .with(Dimension::Campaign, cost.campaign.as_ref())
        .with(Dimension::Channel, cost.channel.as_ref())
        .with(Dimension::Rep, cost.rep.as_ref().map(RepId::name))
        .with(Dimension::Currency, Some(&name(cost.amount.currency.code())));
    rows.add(
        Builtin::Cost,
        &with_attributes(dimensions, &cost.attributes),
        cost.amount.micros,
    );
}

pub(super) fn traffic(traffic: &WebTrafficRecorded, rows: &mut Rows<'_>) {
    let dimensions = Dimensions::new()
        .with(Dimension::LeadSource, traffic.lead_source.as_ref())
        .with(Dimension::Campaign, traffic.campaign.as_ref())
        .with(Dimension::Channel, traffic.channel.as_ref());
    rows.add(
        Builtin::WebsiteVisits,
        &with_attributes(dimensions, &traffic.attributes),
        traffic.visits,
    );
}

/// One row for each kind of engagement that there was.
pub(super) fn social(social: &SocialEngagementRecorded, rows: &mut Rows<'_>) {
    let dimensions = Dimensions::new()
        .with(Dimension::Channel, social.channel.as_ref())
        .with(Dimension::Campaign, social.campaign.as_ref())
        .with(Dimension::Rep, social.rep.as_ref().map(RepId::name));
    let dimensions = with_attributes(dimensions, &social.attributes);
    let kinds = [
        ("likes", social.likes),
        ("comments", social.comments),
        ("shares", social.shares),
        ("direct_messages", social.direct_messages),
    ];
    for (kind, count) in kinds.into_iter().filter(|(_, count)| *count != 0) {
        let dimensions = dimensions.clone().with(Dimension::ActivityKind, Some(&name(kind)));
        rows.add(Builtin::SocialEngagement, &dimensions, count);
    }
}
