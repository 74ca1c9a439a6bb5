//! Pages of a list that is sorted by id: a token is the last id of the page before.

use scoreline_server::status::Problem;

const DEFAULT_SIZE: usize = 100;
const MAX_SIZE: usize = 1_000;

/// A page of `all`, which must be sorted by `id`, and the token of the next one.
pub(super) fn page<T>(
    all: Vec<T>,
    id: impl Fn(&T) -> &str,
    size: i32,
    token: &str,
) -> Result<(Vec<T>, String), Problem> {
    let size = match usize::try_from(size) {
        Ok(0) => DEFAULT_SIZE,
        Ok(size) => size.min(MAX_SIZE),
        Err(_) => {
            return Err(Problem::invalid(
                "PAGE_SIZE_NEGATIVE",
                "page_size",
                format!("is {size}, must not be negative"),
            ));
        }
    };
    let mut rest = all
        .into_iter()
        .filter(|item| token.is_empty() || id(item) > token)
        .peekable();
    let page: Vec<T> = rest.by_ref().take(size).collect();
    let next = match (rest.peek(), page.last()) {
        (Some(_), Some(last)) => id(last).to_owned(),
        _ => String::new(),
    };
    Ok((page, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let all = || vec!["a", "b", "c", "d", "e"];
        let mut token = String::new();
        let mut pages = Vec::new();
        loop {
            let (found, next) = page(all(), |id| id, 2, &token).expect("a page");
            pages.push(found);
            if next.is_empty() {
                break;
            }
            token = next;
        }
        assert_eq!(pages, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
        assert_eq!(page(all(), |id| id, 0, "").expect("a page").0.len(), 5);
        assert!(page(all(), |id| id, -1, "").is_err());
    }
}
