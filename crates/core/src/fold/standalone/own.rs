//! A value of a measure that the tenant declared.

use super::Rows;
use crate::{
    dimension::Dimension,
    event::MeasurementRecorded,
    fold::words::{name, with_attributes},
    id::{AccountId, RepId},
    measure::{Dimensions, Measure, Measurement},
};

pub(super) fn recorded(recorded: &MeasurementRecorded, rows: &mut Rows<'_>) {
    let date = rows.context.date(rows.at);
    rows.out.measure(Measurement {
        measure: Measure::Own(recorded.measure.clone()),
        date,
        origin_date: date,
        instant: rows.at,
        subject: rows.context.subject.clone(),
        dimensions: dimensions(recorded),
        value: recorded.value,
    });
}

fn dimensions(recorded: &MeasurementRecorded) -> Dimensions {
    let currency = recorded.currency.map(|currency| name(currency.code()));
    let dimensions = Dimensions::new()
        .with(Dimension::Rep, recorded.rep.as_ref().map(RepId::name))
        .with(Dimension::Account, recorded.account.as_ref().map(AccountId::name))
        .with(Dimension::LeadSource, recorded.lead_source.as_ref())
        .with(Dimension::Campaign, recorded.campaign.as_ref())
        .with(Dimension::Channel, recorded.channel.as_ref())
        .with(Dimension::Currency, currency.as_ref());
    with_attributes(dimensions, &recorded.attributes)
}
