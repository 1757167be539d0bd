/** Lines and columns of a text, for people. */

/** Both count from 1; a column counts UTF-16 code units, as editors do. */
export interface Place {
  line: number;
  column: number;
}

export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

export function describePlace(place: Place): string {
  return `line ${place.line}, column ${place.column}`;
}
