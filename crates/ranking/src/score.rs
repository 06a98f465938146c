//! How much a word counts in a question: BM25F.
//!
//! S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.6. The figures
//! are measured with `make bench-search`.

/// How often a word occurs in the title, the body, the answers and the topics of a question.
pub type Counts = [u8; 4];

/// How much a word counts in each of them.
const WEIGHTS: [f32; 4] = [6.0, 1.2, 0.6, 5.0];
/// How much a long one is held back.
const HELD_BACK: [f32; 4] = [0.5, 0.75, 0.85, 0.0];
/// How fast more of the same word stops counting.
const SATURATION: f32 = 3.0;
/// How much more a solved question counts.
const SOLVED: f32 = 1.04;
/// How much less a question counts for every year that it is older than the newest, and for how many years.
const PER_YEAR: f32 = 0.01;
const YEARS_MAX: f32 = 5.0;
/// The most that one word counts in one question; less is a share of it.
const FULL: f32 = 255.0;

/// What a word that occurs so often counts in a question: 0 to 255. `lengths` are the words of the question's title, body,
/// answers and topics, divided by what is usual.
pub fn impact(counts: Counts, lengths: [f32; 4]) -> u8 {
    let mut sum = 0.0;
    for (((count, length), weight), held_back) in counts.iter().zip(lengths).zip(WEIGHTS).zip(HELD_BACK) {
        sum += f32::from(*count) * weight / (1.0 - held_back + held_back * length);
    }
    // A word that occurs always counts something.
    (FULL * sum / (SATURATION + sum)).clamp(1.0, FULL) as u8
}

/// What an impact comes to: 0 to 1.
pub fn share(impact: u8) -> f32 {
    f32::from(impact) / FULL
}

/// How rare a word is that so many questions of so many have: its inverse document frequency, above 0.
pub fn rarity(frequency: usize, all: usize) -> f32 {
    let (all, frequency) = (all as f32, (frequency as f32).min(all as f32));
    (1.0 + (all - frequency + 0.5) / (frequency + 0.5)).ln()
}

/// What a question counts for itself: one that is solved a little more, one that is old a little less. Its age is in years.
pub fn standing(solved: bool, age: f32) -> f32 {
    (1.0 - PER_YEAR * age.clamp(0.0, YEARS_MAX)) * if solved { SOLVED } else { 1.0 }
}

/// A time in RFC 3339 as a year, its months as parts.
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
    fn title_counts_over_body_over_answers() {
        let [title, body, answers] =
            [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]].map(|counts: Counts| impact(counts, USUAL));
        assert!(title > body && body > answers && answers > 0);
    }

    #[test]
    fn more_counts_more_and_long_texts_count_less() {
        assert!(impact([0, 2, 0, 0], USUAL) > impact([0, 1, 0, 0], USUAL));
        assert!(impact([0, 1, 0, 0], [1.0, 4.0, 1.0, 1.0]) < impact([0, 1, 0, 0], USUAL));
        assert_eq!(impact([255; 4], [0.0; 4]), 254);
    }

    #[test]
    fn rare_words_count_more_and_none_counts_nothing() {
        assert!(rarity(1, 100) > rarity(50, 100) && rarity(100, 100) > 0.0);
    }

    #[test]
    fn solved_and_fresh_count_a_little_more() {
        assert!(standing(true, 0.0) > standing(false, 0.0) && standing(false, 0.0) > standing(false, 3.0));
        assert!(standing(false, 100.0) > 0.9 * standing(true, 0.0));
    }

    #[test]
    fn the_time_of_a_question_is_read_where_there_is_one() {
        assert_eq!(year("2026-06-30T08:00:00Z"), Some(2026.5));
        assert_eq!([year(""), year("yesterday"), year("2026")], [None; 3]);
    }
}
