//! Compares two short texts line by line. Our own, since a crate for it costs every first start of `cargo course`
//! about a second.

/// A line, and which of the two texts it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Both(&'a str),
    First(&'a str),
    Second(&'a str),
}

/// All lines of both texts in their order, with as many as can be in [`Line::Both`]. Time and memory grow with the
/// product of the lengths: for an exercise's file that is nothing.
pub fn lines<'a>(first: &[&'a str], second: &[&'a str]) -> Vec<Line<'a>> {
    // `common[i][j]`: how many lines `first[i..]` and `second[j..]` can have in common.
    let mut common = vec![vec![0_usize; second.len() + 1]; first.len() + 1];
    for i in (0..first.len()).rev() {
        for j in (0..second.len()).rev() {
            common[i][j] = match first[i] == second[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }

    let mut all = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < first.len() || j < second.len() {
        if i < first.len() && j < second.len() && first[i] == second[j] {
            all.push(Line::Both(first[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < first.len() && (j == second.len() || common[i + 1][j] >= common[i][j + 1]) {
            all.push(Line::First(first[i]));
            i += 1;
        } else {
            all.push(Line::Second(second[j]));
            j += 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Line::*, lines};

    #[test]
    fn what_is_in_both_is_kept_and_the_rest_is_marked() {
        assert_eq!(
            lines(
                &["use a;", "todo!()", "}"],
                &["use a;", "use b;", "go()", "}"]
            ),
            [
                Both("use a;"),
                First("todo!()"),
                Second("use b;"),
                Second("go()"),
                Both("}")
            ]
        );
    }

    #[test]
    fn an_empty_text_is_all_of_the_other() {
        assert_eq!(lines(&[], &["a"]), [Second("a")]);
        assert_eq!(lines(&["a"], &[]), [First("a")]);
        assert_eq!(lines(&[], &[]), []);
    }
}
