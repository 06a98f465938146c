//! What is to be done to move a database, by what both sides say.

use crate::ports::MoveMark;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MovePlan {
    /// A new move begins. One that had begun with another target has ended.
    Begin,
    /// The move continues.
    Resume,
    /// Everything was moved. Only the source does not know yet.
    FinishSource,
    /// Everything was moved.
    Nothing,
}

/// Why nothing can be moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveConflict {
    /// The target belongs to a move of another database, or of this one before it was cancelled.
    #[error("it has data of another move, from {0}; use a new, empty database")]
    TargetOfAnother(String),
    /// The source was moved to another database.
    #[error(
        "the source was moved to {0} before; to move it once more, repeat this command with `--cancel`, and use a new, empty database"
    )]
    SourceMoved(String),
}

/// What is to be done.
pub fn plan(source: Option<MoveMark>, target: Option<MoveMark>) -> Result<MovePlan, MoveConflict> {
    match (source, target) {
        (None, None) => Ok(MovePlan::Begin),
        (None, Some(target)) => Err(MoveConflict::TargetOfAnother(target.other)),
        (Some(source), None) if source.is_finished => Err(MoveConflict::SourceMoved(source.other)),
        // Under a new id, so that nobody can finish a move of the same source to another target.
        (Some(_), None) => Ok(MovePlan::Begin),
        (Some(source), Some(target)) if source.id == target.id => {
            Ok(match (source.is_finished, target.is_finished) {
                (true, true) => MovePlan::Nothing,
                (false, true) => MovePlan::FinishSource,
                // The source is finished last, so the target has lost what it knew: it was restored from a copy.
                (_, false) => MovePlan::Resume,
            })
        }
        (Some(_), Some(target)) => Err(MoveConflict::TargetOfAnother(target.other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(id: &str, is_finished: bool) -> Option<MoveMark> {
        Some(MoveMark { id: id.into(), other: format!("the other of {id}"), is_finished })
    }

    #[test]
    fn a_move_begins_between_databases_without_one_and_continues_where_it_stopped() {
        assert_eq!(plan(None, None), Ok(MovePlan::Begin));
        assert_eq!(plan(mark("a", false), None), Ok(MovePlan::Begin));
        assert_eq!(plan(mark("a", false), mark("a", false)), Ok(MovePlan::Resume));
        assert_eq!(plan(mark("a", false), mark("a", true)), Ok(MovePlan::FinishSource));
        assert_eq!(plan(mark("a", true), mark("a", true)), Ok(MovePlan::Nothing));
    }

    #[test]
    fn databases_of_different_moves_are_never_mixed() {
        for is_finished in [false, true] {
            let of_another = Err(MoveConflict::TargetOfAnother("the other of b".into()));
            assert_eq!(plan(None, mark("b", is_finished)), of_another);
            assert_eq!(plan(mark("a", false), mark("b", is_finished)), of_another);
            assert_eq!(plan(mark("a", true), mark("b", is_finished)), of_another);
        }
        assert_eq!(plan(mark("a", true), None), Err(MoveConflict::SourceMoved("the other of a".into())));
    }
}
