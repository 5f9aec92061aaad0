// A step chart of the number of members: days to places on a drawing.
import type { AllianceView } from '@/api/types'

export interface Dot {
  x: number
  y: number
  count: number
  on: string
}

export interface Growth {
  path: string
  dots: Dot[]
  top: number
}

const DAY = 86_400_000

/** The line from the first step to `today` on a drawing of `width` by `height`; null where nobody ever joined. */
export function growth(steps: AllianceView['steps'], today: string, width: number, height: number): Growth | null {
  if (steps.length === 0) return null
  const first = Date.parse(steps[0]!.on)
  const span = Math.max(DAY, Date.parse(today) - first)
  const top = Math.max(...steps.map((s) => s.count))
  const dots = steps.map((s) => ({
    x: (Math.min(span, Date.parse(s.on) - first) / span) * width,
    y: height - (top === 0 ? 0 : (s.count / top) * height),
    count: s.count,
    on: s.on,
  }))
  const line = dots.map((d, i) => (i === 0 ? `M${d.x} ${d.y}` : `H${d.x}V${d.y}`)).join('')
  return { path: `${line}H${width}`, dots, top }
}
