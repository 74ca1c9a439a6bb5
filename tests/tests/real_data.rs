//! Four real data sets, imported through the command line, answer what their files say.

use scoreline_tests::{data, real};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn maven_crm_answers_what_its_files_say() {
    if let Some(folder) = data::folder("maven_crm") {
        real::maven_crm(&folder).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn olist_answers_what_its_files_say() {
    if let Some(folder) = data::folder("olist") {
        real::olist(&folder).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bank_marketing_answers_what_its_files_say() {
    if let Some(folder) = data::folder("bank_marketing") {
        real::bank_marketing(&folder).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn superstore_answers_what_its_files_say() {
    if let Some(folder) = data::folder("superstore") {
        real::superstore(&folder).await;
    }
}
