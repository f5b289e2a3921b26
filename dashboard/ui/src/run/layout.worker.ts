// Lays graphs out beside the page, so that a large one does not hold it up.
import { place, type Asked } from "./layout";

self.onmessage = (message: MessageEvent<{ number: number; asked: Asked }>) => {
  const { number, asked } = message.data;
  self.postMessage({ number, places: place(asked) });
};
