// The whole log of a run, page by page, with the kinds of events to choose from.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useMemo, useState } from "react";
import { useParams } from "react-router";
import { Virtuoso } from "react-virtuoso";
import { api } from "../api/client";
import type { Envelope } from "../api/types";
import { useLive } from "../live/store";
import { Panel, Quiet } from "../parts/Panel";
import { useSay } from "../words";
import { EventLine } from "./Activity";

const PAGE = 1000;

export default function Log() {
  const { run = "" } = useParams();
  const say = useSay();
  const [kinds, setKinds] = useState<string[]>([]);
  const live = useLive(run, (state) => state.events);
  const { data, fetchNextPage, hasNextPage, isFetching } = useInfiniteQuery({
    queryKey: ["log", run],
    queryFn: ({ pageParam }) => api.events(run, pageParam, PAGE),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.next < page.last ? page.next : undefined),
    staleTime: Infinity,
  });
  const events = useMemo(() => {
    const read = data?.pages.flatMap((page) => page.events) ?? [];
    const last = read.length ? read[read.length - 1]!.seq : 0;
    const fresh = live.filter((one) => one.seq > last);
    const joined: Envelope[] = fresh[0] && fresh[0].seq === last + 1 ? [...read, ...fresh] : read;
    return kinds.length ? joined.filter((one) => kinds.includes(one.type)) : joined;
  }, [data, live, kinds]);
  const known = useMemo(() => [...new Set(data?.pages.flatMap((page) => page.events.map((one) => one.type)))].sort(), [data]);
  return (
    <Panel title={say("run.log")} className="whole-log" extra={(
      <Select mode="multiple" allowClear maxTagCount={3} value={kinds} onChange={setKinds} placeholder={say("activity.types")} aria-label={say("activity.types")}
        options={known.map((value) => ({ value, label: value }))} className="kinds" />
    )}>
      {events.length ? (
        <Virtuoso data={events} className="log" role="log" tabIndex={0} aria-label={say("run.log")} computeItemKey={(_, one) => one.seq}
          endReached={() => hasNextPage && !isFetching && void fetchNextPage()}
          itemContent={(_, one) => <div className="log-line"><code className="seq">{one.seq}</code><EventLine envelope={one} /><code className="kind">{one.type}</code></div>} />
      ) : <Quiet>{say("activity.empty")}</Quiet>}
    </Panel>
  );
}
