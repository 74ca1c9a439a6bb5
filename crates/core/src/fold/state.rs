//! The machines of all kinds of subjects as one.

use super::{
    Context, Facts, Machine, Occurrence, Output, account::Account, inquiry::Inquiry, issue::Issue, lead::Lead,
    meeting::Meeting, opportunity::Opportunity, order::Order, respondent::Respondent, standalone::Standalone,
    subscription::Subscription,
};
use crate::subject::{Subject, SubjectKind};

macro_rules! machines {
    ($($kind:ident => $machine:ident,)*) => {
        /// A machine of one of the kinds.
        #[derive(Clone, PartialEq)]
        pub(super) enum State {
            $($kind(Box<$machine>),)*
        }

        impl State {
            /// The machine of a kind before anything happened.
            pub(super) fn new(kind: SubjectKind) -> Self {
                match kind { $(SubjectKind::$kind => Self::$kind(Box::default()),)* }
            }

            /// Whether a machine of a kind looks at links only when it puts out what holds at the end.
            pub(super) fn reads_at_end(kind: SubjectKind) -> bool {
                match kind { $(SubjectKind::$kind => <$machine as Machine>::READS_AT_END,)* }
            }

            /// Takes in the next occurrence.
            pub(super) fn step(&mut self, occurrence: &Occurrence, context: &Context<'_>, out: &mut Output) {
                match self { $(Self::$kind(machine) => machine.step(occurrence, context, out),)* }
            }

            /// Puts out what holds as long as nothing more happens.
            pub(super) fn tail(&self, context: &Context<'_>, out: &mut Output) {
                match self { $(Self::$kind(machine) => machine.tail(context, out),)* }
            }

            /// The subject whose facts it reads.
            pub(super) fn reads(&self) -> Option<Subject> {
                match self { $(Self::$kind(machine) => machine.reads(),)* }
            }

            /// What others may read of it.
            pub(super) fn facts(&self) -> Facts {
                match self { $(Self::$kind(machine) => machine.facts(),)* }
            }

            /// Appends its bytes.
            ///
            /// # Errors
            /// When the machine's state has no such form, which is a fault of the machine.
            pub(super) fn encode(&self, bytes: Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
                match self { $(Self::$kind(machine) => postcard::to_extend(&**machine, bytes),)* }
            }

            /// Reads the bytes of a machine of a kind. `None` when they are none.
            pub(super) fn decode(kind: SubjectKind, bytes: &[u8]) -> Option<Self> {
                match kind { $(SubjectKind::$kind => postcard::from_bytes(bytes).ok().map(|machine| Self::$kind(Box::new(machine))),)* }
            }
        }
    };
}

machines! {
    Lead => Lead,
    Opportunity => Opportunity,
    Account => Account,
    Order => Order,
    Subscription => Subscription,
    Meeting => Meeting,
    Inquiry => Inquiry,
    Issue => Issue,
    Respondent => Respondent,
    Event => Standalone,
}
