/**
 * Owns a vendor's "no": what is told, before the format gives it its shape.
 */

export interface RefusalDetail {
  /** The parameter that is wrong, in the vendor's own spelling. */
  param?: string;
  code?: string;
  retryAfterSeconds?: number;
  headers?: Record<string, string>;
}

export class Refusal extends Error {
  readonly status: number;
  readonly detail: RefusalDetail;

  constructor(status: number, message: string, detail: RefusalDetail = {}) {
    super(message);
    this.status = status;
    this.detail = detail;
  }
}

export function invalid(message: string, param?: string, code?: string): Refusal {
  const detail: RefusalDetail = {};
  if (param !== undefined) detail.param = param;
  if (code !== undefined) detail.code = code;
  return new Refusal(400, message, detail);
}
