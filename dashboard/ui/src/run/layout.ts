// Where the nodes of a graph stand. dagre up to a size that it lays out in a moment, above it a grid of layers.
// Never: anything of the page; it runs in a worker.
import { graphlib, layout } from "@dagrejs/dagre";

export interface Box {
  id: string;
  layer: number;
}

export interface Asked {
  boxes: Box[];
  edges: [string, string][];
  width: number;
  height: number;
}

export type Places = Record<string, [number, number]>;

const DAGRE_LIMIT = 700;
// Where everything needs everything no order of rows helps the eye, and looking for one takes seconds.
const DENSE = 2.5;
const SPARED = 60;
const GAP = { across: 64, down: 18 };
const ROWS = 40;

export function place(asked: Asked): Places {
  const dense = asked.edges.length > DENSE * asked.boxes.length;
  return asked.boxes.length > DAGRE_LIMIT || (dense && asked.boxes.length > SPARED) ? grid(asked) : ranked(asked);
}

/** What is joined in the order of its needs; what stands alone in a block below, which needs no order. */
function ranked({ boxes, edges, width, height }: Asked): Places {
  const joined = new Set(edges.flat());
  const tied = boxes.filter(({ id }) => joined.has(id));
  const places = tied.length ? layers({ boxes: tied, edges, width, height }) : {};
  const ends = Object.values(places).map(([x, y]) => [x + width, y + height] as const);
  const right = Math.max(0, ...ends.map(([x]) => x));
  const below = tied.length ? Math.max(...ends.map(([, y]) => y)) + 2 * GAP.down : 12;
  const loose = boxes.filter(({ id }) => !joined.has(id));
  const across = width + GAP.down;
  const columns = Math.max(Math.floor(right / across), Math.ceil(Math.sqrt(loose.length / 2)), 1);
  loose.forEach(({ id }, at) => {
    places[id] = [12 + (at % columns) * across, below + Math.floor(at / columns) * (height + GAP.down)];
  });
  return places;
}

function layers({ boxes, edges, width, height }: Asked): Places {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", ranker: "tight-tree", nodesep: GAP.down, ranksep: GAP.across, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of boxes) graph.setNode(id, { width, height });
  for (const [from, to] of edges) graph.setEdge(from, to);
  layout(graph);
  return Object.fromEntries(boxes.map(({ id }) => {
    const { x, y } = graph.node(id) as { x: number; y: number };
    return [id, [x - width / 2, y - height / 2]];
  }));
}

/** Layer by layer from the left; a layer with many boxes takes several columns. */
export function grid({ boxes, width, height }: Asked): Places {
  const layers = new Map<number, string[]>();
  for (const { id, layer } of boxes) layers.set(layer, [...(layers.get(layer) ?? []), id]);
  const places: Places = {};
  let left = 12;
  for (const layer of [...layers.keys()].sort((one, other) => one - other)) {
    const names = layers.get(layer)!;
    const rows = Math.max(ROWS, Math.ceil(Math.sqrt(names.length) * 2));
    names.forEach((id, at) => {
      places[id] = [left + Math.floor(at / rows) * (width + 14), 12 + (at % rows) * (height + GAP.down)];
    });
    left += Math.ceil(names.length / rows) * (width + 14) + GAP.across;
  }
  return places;
}
