import { useMemo } from "react";
import { listSessions, type Session } from "../api/sessions.ts";
import type { ListSource } from "../list/cursor-list.ts";
import { LiveList } from "../list/live-list.tsx";
import { CodeSnippet } from "../ui/code-snippet.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { type FilterField, TextFilterBar } from "../ui/text-filter-bar.tsx";
import { type QueryFilter, useQueryFilter } from "../ui/use-query-filter.ts";
import { useTitle } from "../ui/use-title.ts";
import { SESSION_COLUMNS } from "./session-columns.tsx";

type FilterName = "status" | "type" | "task" | "tag" | "externalId";

const FIELDS: readonly FilterField<FilterName>[] = [
  {
    name: "status",
    label: "Status",
    options: [
      ["", "Any"],
      ["ACTIVE", "Active"],
      ["CLOSED", "Closed"],
      ["EXPIRED", "Expired"],
    ],
  },
  { name: "type", label: "Type" },
  { name: "task", label: "Task" },
  { name: "tag", label: "Tag" },
  { name: "externalId", label: "External id" },
];
const NAMES = FIELDS.map(({ name }) => name);
const NO_FILTER: QueryFilter<FilterName> = { status: "", type: "", task: "", tag: "", externalId: "" };

/** All sessions, newest first, live. */
export function SessionsPage() {
  useTitle("Sessions");
  const [filter, setFilter] = useQueryFilter("/sessions", NAMES);
  return (
    <LiveList
      name="sessions"
      title="Sessions"
      filterBar={<TextFilterBar fields={FIELDS} filter={filter} onChange={setFilter} />}
      filterText={Object.values(filter).some((text) => text !== "") ? JSON.stringify(filter) : ""}
      onClearFilter={() => setFilter(NO_FILTER)}
      source={useMemo(() => sessionsMatching(filter), [filter])}
      columns={SESSION_COLUMNS}
      firstStep={<FirstSession />}
    />
  );
}

function FirstSession() {
  return (
    <EmptyState title="No sessions yet">
      <p>
        A session holds runs of one task together, a conversation for example, with tags and a document of its
        own:
      </p>
      <CodeSnippet
        label="A call that starts a session"
        text={`curl ${window.location.origin}/api/v1/sessions \\
  -H "authorization: Bearer $TRIGGER_SECRET_KEY" -H "content-type: application/json" \\
  -d '{"type":"chat","taskIdentifier":"hello","externalId":"chat-1","triggerConfig":{"basePayload":{}}}'`}
      />
    </EmptyState>
  );
}

function sessionsMatching(filter: QueryFilter<FilterName>): ListSource<Session> {
  return {
    cursorOf: (session) => session.id,
    async read({ size, after }, signal) {
      const answer = await listSessions(
        {
          "filter[status]": filter.status,
          "filter[type]": filter.type,
          "filter[taskIdentifier]": filter.task,
          "filter[tags]": filter.tag,
          "filter[externalId]": filter.externalId,
          "page[size]": String(size),
          "page[after]": after,
        },
        signal,
      );
      if (!answer?.ok) return answer;
      const { data, pagination } = answer.value;
      return { ...answer, value: { rows: data, next: pagination.next } };
    },
  };
}
