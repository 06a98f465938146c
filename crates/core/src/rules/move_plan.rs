//! What is to be done to move a database, and whether a move can be cancelled, by what both sides say.

use crate::ports::MoveMark;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MovePlan {
    /// A new move begins, or one for which the source was locked but that has not reached the target.
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
    /// The target belongs to a move of another database, or to an earlier one of this.
    #[error(
        "it has rows of another move, from {0}: of another database, or of this one before that move was cancelled or {0} was restored. No move \
         can continue that; use a new, empty database"
    )]
    TargetOfAnother(String),
    /// The source was moved to another database.
    #[error(
        "the source was moved to {0} before; to serve that, set the database to it. To move once more, first cancel that move (`--cancel --yes`, with the \
         configuration that names {0}), and then use a new, empty database"
    )]
    SourceMoved(String),
    /// A move of the source to another database has begun and has not finished.
    #[error(
        "a move of the source to {0} has begun; to continue it, set the database to {0}. To move to another one, first cancel that move (`--cancel`, \
         with the configuration that names {0}; with `--target-lost` if {0} does not exist any more)"
    )]
    SourceMoveUnfinished(String),
}

/// What is to be done to move to the database with this name.
pub fn plan(source: Option<MoveMark>, target: Option<MoveMark>, target_name: &str) -> Result<MovePlan, MoveConflict> {
    match (source, target) {
        (None, None) => Ok(MovePlan::Begin),
        (None, Some(target)) => Err(MoveConflict::TargetOfAnother(target.other)),
        (Some(source), None) if source.is_finished => Err(MoveConflict::SourceMoved(source.other)),
        (Some(source), None) if source.other != target_name => Err(MoveConflict::SourceMoveUnfinished(source.other)),
        // It was interrupted before it reached the target, or the target was deleted and created again.
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

/// What is known of the database that a move is to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetState {
    /// It was asked.
    Known {
        /// Its name for people.
        name: String,
        /// The move that it is part of.
        mark: Option<MoveMark>,
        /// Whether a gateway or command uses it.
        is_used: bool,
    },
    /// It was not asked, for this reason.
    Unknown(String),
}

/// What the administrator who cancels a move has confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CancelConfirmation {
    /// That a move may be cancelled which has finished.
    pub is_finished: bool,
    /// That the target does not exist any more.
    pub is_target_lost: bool,
}

/// Why a move is not cancelled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CancelConflict {
    /// It has finished, and nobody has confirmed that it is cancelled.
    #[error(
        "it was moved to {0}: what waited to be delivered then is delivered once more if this database is served again. Stop the gateways that use \
         {0}, and confirm that with --yes"
    )]
    Finished(String),
    /// It has finished, and the target is in use.
    #[error(
        "it was moved to {0}, and a gateway or command uses that now; stop it first, because both would deliver what waits. Nothing was changed"
    )]
    TargetInUse(String),
    /// Nobody knows whether the target is in use.
    #[error(
        "its move was to {target}, and whether a gateway uses that cannot be checked: {reason}. If {target} does not exist any more, confirm \
         that with --target-lost. Nothing was changed"
    )]
    TargetUnknown {
        /// The target.
        target: String,
        /// Why it was not asked.
        reason: String,
    },
}

/// Decides whether a move can be cancelled. Returns whether it had finished.
pub fn check_cancel(
    source: &MoveMark,
    target: &TargetState,
    confirmation: CancelConfirmation,
) -> Result<bool, CancelConflict> {
    let unknown = |reason: String| Some(CancelConflict::TargetUnknown { target: source.other.clone(), reason });
    let (is_finished, is_used, conflict) = match target {
        TargetState::Known { mark: Some(mark), is_used, .. } if mark.id == source.id => {
            // The target is finished first, and may be served since.
            (source.is_finished || mark.is_finished, *is_used, None)
        }
        // The move was interrupted before it began there.
        TargetState::Known { name, mark: None, .. } if *name == source.other && !source.is_finished => {
            (false, false, None)
        }
        TargetState::Known { name, .. } => {
            let reason =
                format!("{name} is not part of that move; name the right database with --config or --database");
            (source.is_finished, false, unknown(reason))
        }
        TargetState::Unknown(reason) => (source.is_finished, false, unknown(reason.clone())),
    };
    if is_finished && !confirmation.is_finished {
        return Err(CancelConflict::Finished(source.other.clone()));
    }
    match conflict {
        Some(conflict) if !confirmation.is_target_lost => Err(conflict),
        _ if is_finished && is_used => Err(CancelConflict::TargetInUse(source.other.clone())),
        _ => Ok(is_finished),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNCONFIRMED: CancelConfirmation = CancelConfirmation { is_finished: false, is_target_lost: false };
    const CONFIRMED: CancelConfirmation = CancelConfirmation { is_finished: true, is_target_lost: false };

    fn known(mark: Option<MoveMark>, is_used: bool) -> TargetState {
        TargetState::Known { name: "the other of a".into(), mark, is_used }
    }

    fn cancel(
        is_finished: bool,
        target: &TargetState,
        confirmation: CancelConfirmation,
    ) -> Result<bool, CancelConflict> {
        check_cancel(&mark("a", is_finished).unwrap(), target, confirmation)
    }

    #[test]
    fn an_unfinished_move_is_cancelled_without_a_confirmation() {
        for target in [known(mark("a", false), false), known(mark("a", false), true), known(None, true)] {
            assert_eq!(cancel(false, &target, UNCONFIRMED), Ok(false), "{target:?}");
        }
    }

    #[test]
    fn a_finished_move_is_cancelled_after_a_confirmation_while_nobody_uses_the_target() {
        let finished = Err(CancelConflict::Finished("the other of a".into()));
        let in_use = Err(CancelConflict::TargetInUse("the other of a".into()));
        // The source may not know yet that it has finished.
        for source_knows in [false, true] {
            assert_eq!(cancel(source_knows, &known(mark("a", true), false), UNCONFIRMED), finished);
            assert_eq!(cancel(source_knows, &known(mark("a", true), false), CONFIRMED), Ok(true));
            let lost = CancelConfirmation { is_finished: true, is_target_lost: true };
            for confirmation in [CONFIRMED, lost] {
                assert_eq!(cancel(source_knows, &known(mark("a", true), true), confirmation), in_use);
            }
        }
    }

    #[test]
    fn a_move_to_a_database_that_was_not_asked_is_cancelled_only_if_that_is_lost() {
        let third = TargetState::Known { name: "a third database".into(), mark: None, is_used: false };
        let unknown = TargetState::Unknown("connection refused".into());
        for (source_knows, target) in [
            (false, &third),
            (false, &unknown),
            (false, &known(mark("b", false), false)),
            (true, &third),
            (true, &unknown),
            (true, &known(None, false)),
            (true, &known(mark("b", true), false)),
        ] {
            let refused = cancel(source_knows, target, CONFIRMED);
            assert!(matches!(refused, Err(CancelConflict::TargetUnknown { .. })), "{target:?}: {refused:?}");
            let lost = CancelConfirmation { is_target_lost: true, ..CONFIRMED };
            assert_eq!(cancel(source_knows, target, lost), Ok(source_knows), "{target:?}");
        }
    }

    fn mark(id: &str, is_finished: bool) -> Option<MoveMark> {
        Some(MoveMark { id: id.into(), other: format!("the other of {id}"), is_finished })
    }

    #[test]
    fn a_move_begins_between_databases_without_one_and_continues_where_it_stopped() {
        let plan = |source, target| plan(source, target, "the other of a");
        assert_eq!(plan(None, None), Ok(MovePlan::Begin));
        assert_eq!(plan(mark("a", false), None), Ok(MovePlan::Begin));
        assert_eq!(plan(mark("a", false), mark("a", false)), Ok(MovePlan::Resume));
        assert_eq!(plan(mark("a", false), mark("a", true)), Ok(MovePlan::FinishSource));
        assert_eq!(plan(mark("a", true), mark("a", true)), Ok(MovePlan::Nothing));
    }

    #[test]
    fn a_target_that_is_reached_under_another_name_is_known_by_its_mark() {
        assert_eq!(plan(mark("a", false), mark("a", false), "another name"), Ok(MovePlan::Resume));
    }

    #[test]
    fn an_unfinished_move_is_not_abandoned_for_another_target() {
        let moves = Err(MoveConflict::SourceMoveUnfinished("the other of a".into()));
        assert_eq!(plan(mark("a", false), None, "a third database"), moves);
    }

    #[test]
    fn databases_of_different_moves_are_never_mixed() {
        let plan = |source, target| plan(source, target, "the other of a");
        for is_finished in [false, true] {
            let refused = Err(MoveConflict::TargetOfAnother("the other of b".into()));
            assert_eq!(plan(None, mark("b", is_finished)), refused);
            assert_eq!(plan(mark("a", false), mark("b", is_finished)), refused);
            assert_eq!(plan(mark("a", true), mark("b", is_finished)), refused);
        }
        assert_eq!(plan(mark("a", true), None), Err(MoveConflict::SourceMoved("the other of a".into())));
    }
}
