// Where the members of an alliance stand on its drawing: a ring around its name, a belt along a line.
import type { AllianceMember } from '@/api/types'

export interface Node {
  code: string
  role: string
  x: number
  y: number
  anchor: 'start' | 'middle' | 'end'
}

export const WIDTH = 560
export const HEIGHT = 330

/** Neighbours of one stretch stand in a ring, the first at the top. */
export function ring(members: readonly AllianceMember[]): Node[] {
  return members.map((m, i) => {
    const angle = (2 * Math.PI * i) / members.length - Math.PI / 2
    const x = WIDTH / 2 + 150 * Math.cos(angle)
    const y = HEIGHT / 2 + 118 * Math.sin(angle)
    const side = Math.cos(angle)
    return { code: m.agency, role: m.role, x, y, anchor: Math.abs(side) < 0.2 ? 'middle' : side > 0 ? 'start' : 'end' }
  })
}

/** The same trade, far apart: one after the other along a line. */
export function belt(members: readonly AllianceMember[]): Node[] {
  const step = (WIDTH - 140) / Math.max(1, members.length - 1)
  return members.map((m, i) => ({
    code: m.agency,
    role: m.role,
    x: members.length === 1 ? WIDTH / 2 : 70 + i * step,
    y: HEIGHT / 2 + (i % 2 ? 34 : -34),
    anchor: 'middle',
  }))
}
