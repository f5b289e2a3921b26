// Plans to begin from.
export const TEMPLATES: Record<string, string> = {
  three: `tianting: 1
name: three-in-a-row
gate:
  - {name: tests, run: pytest -q, timeout: 10m}
tasks:
  - id: model
    role: backend
    title: The data model
    touches: [app/models/**]
    prompt: |
      Add the model.
  - id: api
    role: backend
    title: Serve it
    needs: [model]
    touches: [app/api/**]
    prompt: |
      Add the endpoints for the model.
  - id: tests
    role: testing
    title: Prove it
    needs: [api]
    touches: [tests/**]
    prompt: |
      Test the endpoints from the outside.
`,
  fan: `tianting: 1
name: fan
limits: {windows: 6}
gate:
  - {name: tests, run: pytest -q, timeout: 10m}
tasks:
  - id: contract
    role: backend
    title: The interface that all parts share
    exclusive: [openapi.yaml]
    estimate: 20m
    prompt: |
      Write down the interface. Change nothing else.
  - id: orders
    role: backend
    needs: [contract]
    touches: [app/orders/**]
    prompt: |
      Implement the part on orders.
  - id: search
    role: backend
    needs: [contract]
    touches: [app/search/**]
    prompt: |
      Implement the part on search.
  - id: page
    role: frontend
    needs: [contract]
    touches: [web/**]
    prompt: |
      Show both, against the interface.
  - id: docs
    role: docs
    needs: [orders, search, page]
    touches: [docs/**]
    prompt: |
      Describe what there is now.
`,
  agents: `tianting: 1
name: with-checks
defaults: {timeout: 30m, retries: 2}
gate:
  - {name: lint, run: ruff check ., timeout: 5m}
  - {name: tests, run: pytest -q, timeout: 10m}
tasks:
  - id: feature
    title: The feature
    touches: [app/**]
    verify: [pytest -q tests/unit]
    approve: true
    prompt: |
      What is wanted, and how one can see that it is there.
`,
};
