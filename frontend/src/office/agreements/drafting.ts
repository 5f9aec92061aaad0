// What somebody fills in, and what of it is sent. Pure.
import type { Choices } from '@/api/types'

export interface LineDraft {
  data: string
  provider: string
  consumer: string
  purpose: string
  basis: string
  frequency: string
  delay_min: number
  precision_m: number
  dormant: boolean
  awakened_by: string
}

const BASIS = '政务数据共享条例'

/** A line of a template as one starts with it: each party to every other. */
export function lineOf(given: Record<string, unknown>): LineDraft {
  return {
    data: String(given.data),
    provider: '*',
    consumer: '*',
    purpose: String((given.purposes as string[])[0]),
    basis: String(given.basis),
    frequency: String(given.frequency ?? 'live'),
    delay_min: Number(given.delay_s ?? 0) / 60,
    precision_m: Number(given.precision_m ?? 0),
    dormant: given.dormant === true,
    awakened_by: String(given.awakened_by ?? 'provider'),
  }
}

export const blank = (choices: Choices): LineDraft =>
  lineOf({ data: choices.data_sets[0]!.code, purposes: [choices.purposes[0]!.code], basis: BASIS })

/** An annex as the interface takes it: every field of its data set. */
export function termsOf(line: LineDraft): object {
  const { delay_min, purpose, ...said } = line
  return { ...said, fields: ['*'], purposes: [purpose], delay_s: Math.round(delay_min * 60) }
}

/** The text with its open places filled. */
export function fill(text: string, title: string, parties: readonly string[], from: string, to: string): string {
  const values: Record<string, string> = { title, parties: parties.join('、'), valid_from: from, valid_to: to }
  return text.replace(/\{(title|parties|valid_from|valid_to)\}/g, (_, name: string) => values[name]!)
}

/** A day some months after another, `2026-01-31` + 1 → `2026-02-28`. */
export function monthsLater(day: string, months: number): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number]
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10)
}
