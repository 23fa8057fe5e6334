// The marks under a chart: the time of day here, and the date where a day begins or days are what is shown.

const two = (value: number) => String(value).padStart(2, '0');

/** `times` and `between`, the distance of two marks, are in seconds. One line each: a chart has no room for two. */
export function timeMarks(times: readonly number[], between: number): string[] {
  return times.map((time) => {
    const at = new Date(time * 1000);
    const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
    if (between >= 86_400 || clock === '00:00') return day;
    return between < 60 ? `${clock}:${two(at.getSeconds())}` : clock;
  });
}
