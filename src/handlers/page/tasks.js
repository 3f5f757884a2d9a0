// Made by `make generate` from core/tasks: change the tasks, not this file.

const TASKS = {
  "qa_plan": "QA plan",
  "triage": "Triage",
  "agent_brief": "Agent brief",
  "sprint_plan": "Sprint plan"
};

const FORMS = {
  "qa_plan": {
    "path": "/dispatch/qa-plan",
    "posted": "The plan is posted on the pull request.",
    "fields": [
      {
        "name": "prNumber",
        "label": "Pull request",
        "hint": "Its number, or its address pasted.",
        "kind": "pull",
        "several": false,
        "required": true,
        "id": "pr"
      },
      {
        "name": "linkedIssue",
        "label": "Linked issue",
        "hint": "The issue with the acceptance criteria. Optional.",
        "kind": "issues",
        "several": false,
        "required": false,
        "id": "issue"
      }
    ]
  },
  "triage": {
    "path": "/dispatch/triage",
    "posted": "It is carried out on GitHub.",
    "fields": [
      {
        "name": "issueNumbers",
        "label": "Issues",
        "hint": "One or several: numbers or addresses, with spaces or commas between.",
        "kind": "issues",
        "several": true,
        "required": true,
        "id": "issues"
      }
    ]
  },
  "agent_brief": {
    "path": "/dispatch/agent-brief",
    "posted": "The brief is posted under the issue.",
    "fields": [
      {
        "name": "issueNumber",
        "label": "Issue",
        "hint": "Its number, or its address pasted.",
        "kind": "issues",
        "several": false,
        "required": true,
        "id": "issue"
      }
    ]
  },
  "sprint_plan": {
    "path": "/dispatch/sprint-plan",
    "posted": "The sprint plan is posted under the planning issue.",
    "fields": [
      {
        "name": "planningIssue",
        "label": "Planning issue",
        "hint": "Its number, or its address pasted.",
        "kind": "issues",
        "several": false,
        "required": true,
        "id": "planning"
      },
      {
        "name": "issueNumbers",
        "label": "Issues to plan",
        "hint": "Numbers or addresses. Without them, the team's queue.",
        "kind": "issues",
        "several": true,
        "required": false,
        "id": "issues"
      },
      {
        "name": "capacity",
        "label": "Capacity",
        "hint": "How many issues the current sprint takes. Optional.",
        "kind": "",
        "several": false,
        "required": false,
        "id": "capacity"
      }
    ]
  }
};
