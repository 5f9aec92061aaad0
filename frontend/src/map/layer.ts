// Moving targets as one draw call of a WebGL2 custom layer. Positions are kept relative to an anchor near the view,
// so that 32-bit floats stay exact to centimetres.
import { MercatorCoordinate, type CustomLayerInterface, type CustomRenderMethodInput, type Map as MapLibre } from 'maplibre-gl'
import { DEGREE, NO_COURSE, STATUS, type Targets } from '@/live/decoder'
import { agencyColour, FAMILY_COLOURS, familyOf, isOwn, rgb, shapeOf, STALE_S, strengthOf } from './looks'

const STRIDE = 20 // bytes: x f32, y f32, course f32, rgba u8x4, shape u8, flags u8, 2 spare
const FLAG = { OWN: 1, STALE: 2, SOS: 4, CHOSEN: 8 } as const

const VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec2 place;
layout(location=1) in float course;
layout(location=2) in vec4 colour;
layout(location=3) in vec2 look;
uniform mat4 view;
uniform float scale;
uniform float blink;
out vec4 ink;
out vec2 turn;
flat out int shape;
flat out int flags;
flat out float px;
void main() {
  gl_Position = view * vec4(place, 0.0, 1.0);
  shape = int(look.x + 0.5);
  flags = int(look.y + 0.5);
  float size = shape == 1 ? 17.0 : shape == 3 ? 17.0 : 12.0;
  if ((flags & 1) != 0) size += 9.0;
  if ((flags & 8) != 0) size += 12.0;
  if ((flags & 4) != 0) size += 12.0 * blink;
  px = size * scale;
  gl_PointSize = px;
  turn = vec2(sin(course), cos(course));
  ink = colour;
}`

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 ink;
in vec2 turn;
flat in int shape;
flat in int flags;
flat in float px;
out vec4 result;

float arrow(vec2 p) {                      // a hull seen from above: pointed bow, notched stern
  float side = abs(p.x) * 0.92 + p.y * 0.40 - 0.36;
  float notch = -(p.y + 0.72) + (0.34 - abs(p.x) * 0.75);
  return max(side, max(notch, -p.y - 0.86));
}
float box(vec2 p, float r) { vec2 q = abs(p) - r; return max(q.x, q.y); }

void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0;
  p.y = -p.y;
  float grown = 1.0;                       // rings widen the point; the body keeps its size
  float body = shape == 1 ? 17.0 : shape == 3 ? 17.0 : 12.0;
  float size = body;
  if ((flags & 1) != 0) size += 9.0;
  if ((flags & 8) != 0) size += 12.0;
  grown = size / body;
  vec2 q = p * grown;
  vec2 r = vec2(q.x * turn.y - q.y * turn.x, q.x * turn.x + q.y * turn.y);
  float aa = 2.2 * grown / px;
  float d;
  if (shape == 1) d = arrow(r);
  else if (shape == 2) d = box(q, 0.62);
  else if (shape == 3) d = min(box(r, 0.16), min(max(abs(r.x) - 0.85, abs(r.y) - 0.16), max(abs(r.y) - 0.85, abs(r.x) - 0.16)));
  else if (shape == 4) d = abs(length(q) - 0.6) - 0.14;
  else d = length(q) - 0.56;
  float fill = 1.0 - smoothstep(0.0, aa, d);
  if ((flags & 2) != 0) fill *= smoothstep(-0.30, -0.30 + aa, d);   // hollow: not heard for long
  float rim = (1.0 - smoothstep(0.0, aa, d - 0.16)) * 0.75;         // dark rim keeps it legible on any ground
  vec3 colour = mix(vec3(0.03, 0.06, 0.10), ink.rgb, clamp(fill, 0.0, 1.0));
  float alpha = max(fill, rim) * ink.a;
  float away = length(p);
  if ((flags & 1) != 0) {
    float ring = 1.0 - smoothstep(0.07, 0.07 + aa, abs(away - 0.84));
    colour = mix(colour, ink.rgb, ring); alpha = max(alpha, ring * ink.a);
  }
  if ((flags & 12) != 0) {
    float ring = 1.0 - smoothstep(0.06, 0.06 + aa, abs(away - 0.92));
    vec3 c = (flags & 4) != 0 ? vec3(1.0, 0.35, 0.35) : vec3(1.0);
    colour = mix(colour, c, ring); alpha = max(alpha, ring);
  }
  if (alpha < 0.01) discard;
  result = vec4(colour * alpha, alpha);
}`

function compile(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type)
  if (!shader) throw new Error('the graphics context is lost')
  gl.shaderSource(shader, source)
  gl.compileShader(shader)
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? 'shader')
  return shader
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()
  gl.attachShader(program, compile(gl, gl.VERTEX_SHADER, VERTEX))
  gl.attachShader(program, compile(gl, gl.FRAGMENT_SHADER, FRAGMENT))
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? 'program')
  return program
}

const mercatorY = (lat: number): number => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)

export class TargetLayer implements CustomLayerInterface {
  readonly id = 'targets'
  readonly type = 'custom' as const
  readonly renderingMode = '2d' as const
  chosen: number | null = null
  drawn = 0
  private map: MapLibre | null = null
  private gl: WebGL2RenderingContext | null = null
  private program: WebGLProgram | null = null
  private buffer: WebGLBuffer | null = null
  private array: WebGLVertexArrayObject | null = null
  private bytes = new ArrayBuffer(0)
  private anchor: [number, number] = [0, 0]
  private dirty = false
  private sos = false
  private colours = new Map<number, [number, number, number]>()

  constructor(private readonly targets: Targets) {}

  onAdd(map: MapLibre, context: WebGLRenderingContext | WebGL2RenderingContext): void {
    const gl = context as WebGL2RenderingContext
    this.map = map
    this.gl = gl
    this.program = link(gl)
    this.buffer = gl.createBuffer()
    this.array = gl.createVertexArray()
    gl.bindVertexArray(this.array)
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer)
    const attribute = (at: number, size: number, type: number, normal: boolean, offset: number) => {
      gl.enableVertexAttribArray(at)
      gl.vertexAttribPointer(at, size, type, normal, STRIDE, offset)
    }
    attribute(0, 2, gl.FLOAT, false, 0)
    attribute(1, 1, gl.FLOAT, false, 8)
    attribute(2, 4, gl.UNSIGNED_BYTE, true, 12)
    attribute(3, 2, gl.UNSIGNED_BYTE, false, 16)
    gl.bindVertexArray(null)
  }

  onRemove(): void {
    this.gl?.deleteBuffer(this.buffer)
    this.gl?.deleteVertexArray(this.array)
    this.gl?.deleteProgram(this.program)
    this.map = this.gl = null
  }

  /** Reads the targets anew. `now` is the server's clock, ms. */
  update(now: number): void {
    if (!this.map) return
    const centre = MercatorCoordinate.fromLngLat(this.map.getCenter())
    this.anchor = [centre.x, centre.y]
    if (this.bytes.byteLength < this.targets.count * STRIDE) {
      this.bytes = new ArrayBuffer(Math.ceil(this.targets.count * 1.25) * STRIDE)
    }
    this.fill(now)
    this.dirty = true
    this.map.triggerRepaint()
  }

  private fill(now: number): void {
    const t = this.targets
    const numbers = new Float32Array(this.bytes)
    const bytes = new Uint8Array(this.bytes)
    let n = 0
    this.sos = false
    for (let h = 0; h < t.top; h++) {
      if (t.live[h] !== 1 || t.status[h]! & STATUS.NO_FIX) continue
      const age = (now - t.heard[h]!) / 1000
      const status = t.status[h]!
      const own = isOwn(status, t.agency[h]!)
      const [r, g, b] = this.colour(own, t.agency[h]!, t.kind[h]!)
      const at = n * (STRIDE / 4)
      numbers[at] = t.lon[h]! / DEGREE / 360 + 0.5 - this.anchor[0]
      numbers[at + 1] = mercatorY(t.lat[h]! / DEGREE) - this.anchor[1]
      numbers[at + 2] = t.course[h] === NO_COURSE ? 0 : (t.course[h]! * 2 * Math.PI) / 180
      const byte = n * STRIDE + 12
      bytes[byte] = r
      bytes[byte + 1] = g
      bytes[byte + 2] = b
      bytes[byte + 3] = Math.round(strengthOf(age) * 255)
      bytes[byte + 4] = shapeOf(t.kind[h]!, t.speed[h]!, t.course[h]!)
      const sos = (status & STATUS.SOS) !== 0
      this.sos ||= sos
      bytes[byte + 5] =
        (own ? FLAG.OWN : 0) | (age > STALE_S ? FLAG.STALE : 0) | (sos ? FLAG.SOS : 0) | (h === this.chosen ? FLAG.CHOSEN : 0)
      n++
    }
    this.drawn = n
  }

  private colour(own: boolean, agency: number, kind: number): [number, number, number] {
    const key = own ? 1000 + agency : kind
    let colour = this.colours.get(key)
    if (!colour) {
      colour = rgb(own ? agencyColour(agency) : FAMILY_COLOURS[familyOf(kind)])
      this.colours.set(key, colour)
    }
    return colour
  }

  render(_: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const gl = this.gl
    if (!gl || !this.program || this.drawn === 0) return
    const matrix = Float64Array.from(input.defaultProjectionData.mainMatrix as unknown as ArrayLike<number>)
    const [x, y] = this.anchor
    for (let i = 0; i < 4; i++) matrix[12 + i]! += matrix[i]! * x + matrix[4 + i]! * y
    gl.useProgram(this.program)
    gl.bindVertexArray(this.array)
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer)
    if (this.dirty) {
      gl.bufferData(gl.ARRAY_BUFFER, new Uint8Array(this.bytes, 0, this.drawn * STRIDE), gl.DYNAMIC_DRAW)
      this.dirty = false
    }
    gl.uniformMatrix4fv(gl.getUniformLocation(this.program, 'view'), false, Float32Array.from(matrix))
    gl.uniform1f(gl.getUniformLocation(this.program, 'scale'), window.devicePixelRatio * this.zoomScale())
    gl.uniform1f(gl.getUniformLocation(this.program, 'blink'), this.sos ? (Math.sin(performance.now() / 200) + 1) / 2 : 0)
    gl.enable(gl.BLEND)
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    gl.disable(gl.DEPTH_TEST)
    gl.disable(gl.STENCIL_TEST)
    gl.drawArrays(gl.POINTS, 0, this.drawn)
    gl.bindVertexArray(null)
    if (this.sos) this.map?.triggerRepaint()
  }

  /** Smaller symbols when the view is wide. */
  private zoomScale(): number {
    const zoom = this.map?.getZoom() ?? 10
    return Math.min(1.25, Math.max(0.62, 0.62 + (zoom - 8) * 0.1))
  }
}
