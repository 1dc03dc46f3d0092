/** JSON text with everything that PostgreSQL and UTF-8 find hard. */
export const NASTY_DOCUMENT = JSON.stringify({
  nul: "a\0b",
  lone: "\ud800",
  "\udfff": 1,
  text: 'q"\\\\u0000 é 😀 \u2028',
  deep: [[{}]],
});
