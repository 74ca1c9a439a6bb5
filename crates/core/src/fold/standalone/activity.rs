//! A sales activity. What it means to the lead and the opportunity that it is linked to is theirs to say.

use super::Rows;
use crate::{
    dimension::Dimension,
    event::ActivityLogged,
    fold::words::with_attributes,
    id::{AccountId, RepId, TerritoryId},
    measure::{Builtin, Dimensions},
};

pub(super) fn logged(logged: &ActivityLogged, rows: &mut Rows<'_>) {
    let outcome = logged.outcome.as_ref();
    let dimensions = Dimensions::new()
        .with(Dimension::ActivityKind, Some(&logged.kind.name()))
        .with(Dimension::Outcome, outcome.map(|outcome| &outcome.name))
        .with(Dimension::Rep, logged.rep.as_ref().map(RepId::name))
        .with(Dimension::Account, logged.account.as_ref().map(AccountId::name))
        .with(Dimension::Campaign, logged.campaign.as_ref())
        .with(Dimension::Channel, logged.channel.as_ref())
        .with(Dimension::Territory, logged.territory.as_ref().map(TerritoryId::name));
    let dimensions = with_attributes(dimensions, &logged.attributes);
    let duration = logged.duration_ms.unwrap_or(0);
    rows.add(Builtin::Activity, &dimensions, duration);
    if outcome.is_some_and(|outcome| outcome.successful) {
        rows.add(Builtin::ActivitySuccessful, &dimensions, duration);
    }
}
