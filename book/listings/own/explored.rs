// ANCHOR: explored
const SCHEDULES: std::ops::Range<u64> = 0..200;

fn begin(number: u64) {
    tokio::explore::begin(number);
}
// ANCHOR_END: explored
