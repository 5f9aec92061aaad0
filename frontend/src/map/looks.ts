// How a target looks: shape by what it is and whether it moves, colour by kind or agency, fading by age.
import { NO_COURSE, NO_SPEED, STATUS } from '@/live/decoder'

export const SHAPE = { DOT: 0, ARROW: 1, SQUARE: 2, CROSS: 3, RING: 4 } as const

export const STILL_DKN = 5 // slower than this is lying still: 0.5 kn
export const STALE_S = 180 // older than this is drawn hollow
export const FADED_S = 900 // as faint as it gets

export type Family = 'cargo' | 'tanker' | 'passenger' | 'fishing' | 'sand' | 'service' | 'small' | 'vehicle' | 'person' | 'air' | 'fixed' | 'unknown'

export const FAMILY_COLOURS: Record<Family, string> = {
  cargo: '#7fb2e5',
  tanker: '#e89a8f',
  passenger: '#c3a6f0',
  fishing: '#e6cf74',
  sand: '#eeaa5a',
  service: '#6fd6a8',
  small: '#9fd0cf',
  vehicle: '#d0b48c',
  person: '#f0a6c8',
  air: '#8fe0f0',
  fixed: '#8ea0b8',
  unknown: '#a9b6c8',
}

/** Agencies in the order of the board's table; the first is index 1 on the wire. */
export const AGENCY_COLOURS = ['#54e0ff', '#ff9ad5', '#b6f36b', '#ffd166', '#b9a5ff', '#ff9f6e', '#6df0c2', '#f4f4f4']

const KIND_FAMILY: Record<number, Family> = {
  1: 'cargo', 2: 'tanker', 3: 'passenger', 4: 'fishing', 5: 'service', 6: 'sand', 7: 'sand', 8: 'small', 9: 'passenger',
  10: 'service', 11: 'service', 12: 'service', 13: 'fixed', 14: 'fixed', 16: 'passenger',
}

/** The family of a `feeds.columns.Kind`. */
export function familyOf(kind: number): Family {
  if (kind >= 56) return 'air'
  if (kind >= 48) return 'person'
  if (kind >= 32) return 'vehicle'
  return KIND_FAMILY[kind] ?? 'unknown'
}

export function shapeOf(kind: number, speed_dkn: number, course: number): number {
  const family = familyOf(kind)
  if (family === 'fixed') return SHAPE.RING
  if (family === 'air') return SHAPE.CROSS
  if (speed_dkn !== NO_SPEED && speed_dkn >= STILL_DKN && course !== NO_COURSE) return SHAPE.ARROW
  return family === 'vehicle' ? SHAPE.SQUARE : SHAPE.DOT
}

/** 0.3 (old) to 1 (just heard). */
export function strengthOf(age_s: number): number {
  if (age_s <= 30) return 1
  return Math.max(0.3, 1 - ((age_s - 30) / (FADED_S - 30)) * 0.7)
}

export const isOwn = (status: number, agency: number): boolean => (status & STATUS.OWN) !== 0 || agency > 0

export const agencyColour = (index: number): string => AGENCY_COLOURS[(Math.max(1, index) - 1) % AGENCY_COLOURS.length]!

/** `#rrggbb` as 0..255 each. */
export function rgb(hex: string): [number, number, number] {
  const n = Number.parseInt(hex.slice(1), 16)
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255]
}
