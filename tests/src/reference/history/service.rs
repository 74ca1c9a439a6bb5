//! What customers ask, complain of and say.

use scoreline_proto::events::v1::{
    AssessmentMade, InquiryAnswered, InquiryReceived, IssueOpened, IssueResolved, Score, SurveyAnswered, SurveyKind,
    event::Payload,
};

use super::{ACCOUNTS, journal::Journal};

/// Tells of service.
pub(super) fn tell(journal: &mut Journal) {
    for number in 0..28 {
        inquiry(journal, number);
    }
    for number in 0..20 {
        issue(journal, number);
    }
    for _ in 0..40 {
        survey(journal);
    }
    for _ in 0..10 {
        let at = journal.sometime();
        let assessment = AssessmentMade {
            rep_id: journal.dice.maybe(&super::REPS, 0),
            criterion: journal.dice.maybe(&["product_knowledge", "customer_engagement"], 0),
            score: format!("{}.5", journal.dice.between(1, 5)),
            interaction_id: journal.dice.maybe(&["i1", "i2"], 50),
            ..AssessmentMade::default()
        };
        journal.say(at, Payload::AssessmentMade(assessment));
    }
}

fn inquiry(journal: &mut Journal, number: i64) {
    let mut at = journal.sometime();
    let inquiry_id = format!("Q{number}");
    let received = InquiryReceived {
        inquiry_id: inquiry_id.clone(),
        channel: journal.dice.maybe(&["email", "phone", "chat"], 0),
        rep_id: journal.rep(),
        account_id: journal.dice.maybe(&ACCOUNTS, 20),
        ..InquiryReceived::default()
    };
    journal.say(at, Payload::InquiryReceived(received));
    for _ in 0..journal.dice.between(0, 3) {
        at = journal.within(at, 48);
        let (inquiry_id, rep_id) = (inquiry_id.clone(), journal.rep());
        journal.say(at, Payload::InquiryAnswered(InquiryAnswered { inquiry_id, rep_id }));
    }
}

fn issue(journal: &mut Journal, number: i64) {
    let at = journal.sometime();
    let issue_id = format!("I{number}");
    let opened = IssueOpened {
        issue_id: issue_id.clone(),
        account_id: journal.dice.maybe(&ACCOUNTS, 20),
        rep_id: journal.rep(),
        product_id: journal.product(),
        channel: journal.channel(),
        ..IssueOpened::default()
    };
    journal.say(at, Payload::IssueOpened(opened));
    if journal.dice.percent(70) {
        let at = journal.within(at, 24 * 40);
        let rep_id = journal.rep();
        journal.say(at, Payload::IssueResolved(IssueResolved { issue_id, rep_id }));
    }
}

fn survey(journal: &mut Journal) {
    let at = journal.sometime();
    let score = |criterion: &str, score: String| Score {
        criterion: criterion.to_owned(),
        score,
    };
    let (kind, scores) = match journal.dice.between(0, 4) {
        0 | 1 => (
            SurveyKind::Nps,
            vec![score("", journal.dice.between(0, 11).to_string())],
        ),
        2 => (
            SurveyKind::Csat,
            vec![score(
                "",
                format!("{}.{}", journal.dice.between(1, 5), journal.dice.between(0, 10)),
            )],
        ),
        _ => {
            let mut rating = || format!("{}", journal.dice.between(1, 6));
            (
                SurveyKind::ServiceQuality,
                vec![
                    score("speed", rating()),
                    score("manners", rating()),
                    score("", rating()),
                ],
            )
        }
    };
    let answered = SurveyAnswered {
        kind: kind.into(),
        respondent_id: journal.dice.maybe(&["p1", "p2", "p3", "p4", "p5", "p6"], 30),
        account_id: journal.dice.maybe(&ACCOUNTS, 30),
        rep_id: journal.rep(),
        product_id: journal.product(),
        channel: journal.channel(),
        scores,
        ..SurveyAnswered::default()
    };
    journal.say(at, Payload::SurveyAnswered(answered));
}
