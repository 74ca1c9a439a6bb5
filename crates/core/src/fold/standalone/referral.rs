//! A referral that names no lead; one that does is folded with its lead.

use super::Rows;
use crate::{
    dimension::Dimension,
    event::ReferralReceived,
    fold::words::with_attributes,
    id::{AccountId, RepId},
    measure::{Builtin, Dimensions},
};

pub(super) fn received(referral: &ReferralReceived, rows: &mut Rows<'_>) {
    if referral.lead.is_none() {
        rows.add(Builtin::ReferralReceived, &referral_dimensions(referral), 1);
    }
}

/// The dimensions of a referral; its account is the one that gave it.
pub(in crate::fold) fn referral_dimensions(referral: &ReferralReceived) -> Dimensions {
    let dimensions = Dimensions::new()
        .with(Dimension::Rep, referral.rep.as_ref().map(RepId::name))
        .with(Dimension::Account, referral.referrer.as_ref().map(AccountId::name))
        .with(Dimension::Channel, referral.channel.as_ref());
    with_attributes(dimensions, &referral.attributes)
}
