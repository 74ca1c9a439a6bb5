//! The words that stand in rows for what events say with fixed choices, and the attributes that they carry.
//!
//! The words are those of the stored payloads (snake case), so that a filter reads like the event.

use crate::{
    dimension::Dimension,
    event::{ActivityKind, Attribute, OpportunityType, SurveyKind},
    id::Name,
    measure::Dimensions,
};

macro_rules! words {
    ($($choice:ident { $($value:ident => $word:literal,)* })*) => {$(
        impl $choice {
            /// The word for it in a row's dimensions.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$value => $word,)* }
            }

            /// The same as a dimension's value.
            #[must_use]
            pub fn name(self) -> Name {
                match self { $(Self::$value => const { Name::fixed($word) },)* }
            }
        }
    )*};
}

words! {
    ActivityKind {
        Call => "call",
        Email => "email",
        Demo => "demo",
        Presentation => "presentation",
        Proposal => "proposal",
        FollowUp => "follow_up",
        NetworkingEvent => "networking_event",
        Other => "other",
    }
    OpportunityType {
        NewBusiness => "new_business",
        Upsell => "upsell",
        CrossSell => "cross_sell",
        Renewal => "renewal",
    }
    SurveyKind {
        Nps => "nps",
        Csat => "csat",
        ServiceQuality => "service_quality",
    }
}

/// A fixed word, or a currency's code, as a dimension's value.
pub(super) fn name(word: &str) -> Name {
    Name::new(word).expect("a fixed word is short and printable")
}

/// The dimensions with declared attributes added.
pub(super) fn with_attributes(mut dimensions: Dimensions, attributes: &[Attribute]) -> Dimensions {
    for attribute in attributes {
        dimensions.set(Dimension::Attribute(attribute.name.clone()), Some(&attribute.value));
    }
    dimensions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_the_stored_payload_says() -> Result<(), serde_json::Error> {
        use ActivityKind::{Call, Demo, Email, FollowUp, NetworkingEvent, Other, Presentation, Proposal};
        for kind in [
            Call,
            Email,
            Demo,
            Presentation,
            Proposal,
            FollowUp,
            NetworkingEvent,
            Other,
        ] {
            assert_eq!(serde_json::to_value(kind)?, kind.word());
        }
        use OpportunityType::{CrossSell, NewBusiness, Renewal, Upsell};
        for kind in [NewBusiness, Upsell, CrossSell, Renewal] {
            assert_eq!(serde_json::to_value(kind)?, kind.word());
        }
        for kind in [SurveyKind::Nps, SurveyKind::Csat, SurveyKind::ServiceQuality] {
            assert_eq!(serde_json::to_value(kind)?, kind.word());
        }
        Ok(())
    }
}
