//! Corrections.

use scoreline_core::event::{EventAmended, EventVoided};

use crate::{events::v1 as wire, reader::Reader, violation::Reason};

pub(super) fn amended(reader: &mut Reader, wire: &wire::EventAmended, envelope: &wire::Event) -> Option<EventAmended> {
    let event = reader.required("event_id", &wire.event_id);
    of_another(reader, &wire.event_id, envelope);
    let replacement = reader.present("replacement", wire.replacement.as_deref())?;
    let (occurred_at, payload) = reader.within("replacement", |reader| {
        same(
            reader,
            "event_id",
            &replacement.event_id,
            &wire.event_id,
            "the event that is replaced",
        );
        same(
            reader,
            "source",
            &replacement.source,
            &envelope.source,
            "the source of the amendment",
        );
        let occurred_at = reader.instant("occurred_at", replacement.occurred_at.as_ref());
        let payload = reader.present("payload", replacement.payload.as_ref())?;
        let payload = reader.within("payload", |reader| super::read_payload(reader, payload));
        Some((occurred_at, payload?))
    })?;
    Some(EventAmended {
        event: event?,
        occurred_at,
        payload: Box::new(payload),
    })
}

pub(super) fn voided(reader: &mut Reader, wire: &wire::EventVoided, envelope: &wire::Event) -> Option<EventVoided> {
    let event = reader.required("event_id", &wire.event_id);
    of_another(reader, &wire.event_id, envelope);
    Some(EventVoided {
        reason: reader.text("reason", &wire.reason),
        event: event?,
    })
}

fn of_another(reader: &mut Reader, corrected: &str, envelope: &wire::Event) {
    if !corrected.is_empty() && corrected == envelope.event_id {
        reader.fault("event_id", Reason::NotAllowed, "an event must not correct itself");
    }
}

fn same(reader: &mut Reader, field: &'static str, text: &str, expected: &str, meaning: &str) {
    if !text.is_empty() && text != expected {
        reader.fault(field, Reason::Mismatch, format!("must be empty or name {meaning}"));
    }
}
