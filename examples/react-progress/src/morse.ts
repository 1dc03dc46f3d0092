const CODES: Readonly<Record<string, string>> = {
  A: ".-",
  B: "-...",
  C: "-.-.",
  D: "-..",
  E: ".",
  F: "..-.",
  G: "--.",
  H: "....",
  I: "..",
  J: ".---",
  K: "-.-",
  L: ".-..",
  M: "--",
  N: "-.",
  O: "---",
  P: ".--.",
  Q: "--.-",
  R: ".-.",
  S: "...",
  T: "-",
  U: "..-",
  V: "...-",
  W: ".--",
  X: "-..-",
  Y: "-.--",
  Z: "--..",
  0: "-----",
  1: ".----",
  2: "..---",
  3: "...--",
  4: "....-",
  5: ".....",
  6: "-....",
  7: "--...",
  8: "---..",
  9: "----.",
  ".": ".-.-.-",
  ",": "--..--",
  "?": "..--..",
  "'": ".----.",
  "/": "-..-.",
  "-": "-....-",
};

/** One word in Morse code, letters apart by a space; undefined when it has a letter without a code. */
export function toMorse(word: string): string | undefined {
  const letters: string[] = [];
  for (const letter of word.toUpperCase()) {
    const code = CODES[letter];
    if (code === undefined) return undefined;
    letters.push(code.replaceAll(".", "·").replaceAll("-", "−"));
  }
  return letters.join(" ");
}
