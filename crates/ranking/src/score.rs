//! The weight of a word in a question: BM25F.
//!
//! S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.6. The constants are measured with
//! `make bench-search`.

/// How often a word occurs in the title, the body, the answers and the topics of a question.
pub type Counts = [u8; 4];

/// The weight of each of these fields.
const WEIGHTS: [f32; 4] = [6.0, 1.2, 0.6, 5.0];
/// How much the length of each field is normalised.
const HELD_BACK: [f32; 4] = [0.5, 0.75, 0.85, 0.0];
/// How fast repetitions of a word stop counting.
const SATURATION: f32 = 3.0;
/// The factor for a solved question.
const SOLVED: f32 = 1.04;
/// The loss for every year that a question is older than the newest, and the most years that count.
const PER_YEAR: f32 = 0.01;
const YEARS_MAX: f32 = 5.0;
/// The largest impact; [`share`] is relative to it.
const FULL: f32 = 255.0;

/// The impact of a word in a question, 0 to 255. `lengths` are the lengths of the question's title, body, answers and topics relative to the
/// average.
pub fn impact(counts: Counts, lengths: [f32; 4]) -> u8 {
    let mut sum = 0.0;
    for (((count, length), weight), held_back) in counts.iter().zip(lengths).zip(WEIGHTS).zip(HELD_BACK) {
        sum += f32::from(*count) * weight / (1.0 - held_back + held_back * length);
    }
    // A word that occurs has an impact of at least 1.
    (FULL * sum / (SATURATION + sum)).clamp(1.0, FULL) as u8
}

/// An impact as a share, 0 to 1.
pub fn share(impact: u8) -> f32 {
    f32::from(impact) / FULL
}

/// The inverse document frequency, above 0, of a word that `frequency` of `total` questions have.
pub fn rarity(frequency: usize, total: usize) -> f32 {
    let (total, frequency) = (total as f32, (frequency as f32).min(total as f32));
    (1.0 + (total - frequency + 0.5) / (frequency + 0.5)).ln()
}

/// The weight of a question itself: a little more if it is solved, a little less if it is old. `age` is in years.
pub fn prior(solved: bool, age: f32) -> f32 {
    (1.0 - PER_YEAR * age.clamp(0.0, YEARS_MAX)) * if solved { SOLVED } else { 1.0 }
}

/// An RFC 3339 time as a year with its months as a fraction.
pub fn year(time: &str) -> Option<f32> {
    let year: u16 = time.get(..4)?.parse().ok()?;
    let month: u8 = time.get(5..7)?.parse().ok()?;
    Some(f32::from(year) + f32::from(month) / 12.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: [f32; 4] = [1.0; 4];

    #[test]
    fn titles_weigh_more_than_bodies_and_bodies_more_than_answers() {
        let [title, body, answers] =
            [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]].map(|counts: Counts| impact(counts, USUAL));
        assert!(title > body && body > answers && answers > 0);
    }

    #[test]
    fn scores_grow_with_frequency_and_shrink_with_length() {
        assert!(impact([0, 2, 0, 0], USUAL) > impact([0, 1, 0, 0], USUAL));
        assert!(impact([0, 1, 0, 0], [1.0, 4.0, 1.0, 1.0]) < impact([0, 1, 0, 0], USUAL));
        assert_eq!(impact([255; 4], [0.0; 4]), 254);
    }

    #[test]
    fn rare_words_weigh_more_and_unknown_ones_nothing() {
        assert!(rarity(1, 100) > rarity(50, 100) && rarity(100, 100) > 0.0);
    }

    #[test]
    fn solved_and_recent_questions_score_slightly_more() {
        assert!(prior(true, 0.0) > prior(false, 0.0) && prior(false, 0.0) > prior(false, 3.0));
        assert!(prior(false, 100.0) > 0.9 * prior(true, 0.0));
    }

    #[test]
    fn times_of_questions_are_parsed() {
        assert_eq!(year("2026-06-30T08:00:00Z"), Some(2026.5));
        assert_eq!([year(""), year("yesterday"), year("2026")], [None; 3]);
    }
}
