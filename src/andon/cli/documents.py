"""Documents that only the command line writes, and which document each command has with `--json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.document import Document, ErrorDocument


class FailureDocument(Document):
    """What any command writes that fails."""

    error: ErrorDocument


class MadeDocument(Document):
    """A project that was made."""

    folder: str
    files: list[str]


class BeatDocument(Document):
    """A part of the story that `demo` tells."""

    title: str
    commands: list[str]
    figures: dict[str, str]
    seconds: float


class StoryDocument(Document):
    """The story that was told."""

    folder: str
    seconds: float
    beats: list[BeatDocument]


def documents() -> Mapping[str, tuple[Any, ...]]:
    """The types of what each command can write with `--json`, by the command's words."""
    # here, since each command needs few of them
    from andon.drill.report import DrillDocument
    from andon.model.action import ActionDocument
    from andon.model.approval import ApprovalsDocument, ApprovedDocument, DisapprovedDocument
    from andon.model.architecture import ArchitectureDocument
    from andon.model.backup import BackupList, BackupMade, LakeRestored
    from andon.model.catalog_copy import CatalogCopy, CatalogGrants
    from andon.model.check_result import CheckDocument
    from andon.model.collection import Collection
    from andon.model.cord import Cord
    from andon.model.due import DueDocument
    from andon.model.isolation import PackedFolder
    from andon.model.lake_move import LakeMoved
    from andon.model.letter import Letter
    from andon.model.lint import LintDocument
    from andon.model.message import ChannelDocument, SentDocument
    from andon.model.person import AccessToken, TokenMade
    from andon.model.plan import PlanDocument
    from andon.model.principles import ScorecardDocument
    from andon.model.repair import LakeRepair
    from andon.model.reproduction import ReproductionDocument
    from andon.model.reproduction_sample import ReproductionSample
    from andon.model.request import DataRequest
    from andon.model.reverted import RevertedDocument
    from andon.model.review import ReviewDocument
    from andon.model.run import RunDocument
    from andon.model.schedule_view import ScheduleDocument, WhyDocument
    from andon.model.tick import PauseDocument, TickDocument
    from andon.model.verification import Verification
    from andon.service.actions import FreezeDocument, PlaybooksDocument
    from andon.service.analysis_documents import AnalysisInfo, AnalysisLine, AnalysisReproduction, AnalysisShown
    from andon.service.branches import BranchInfo
    from andon.service.checks import CheckReportDocument, ChecksSqlDocument
    from andon.service.contracts import ContractDocument, ContractImport
    from andon.service.costs import CostDocument, WasteDocument
    from andon.service.dataset_page import PageDocument
    from andon.service.datasets import DatasetInfo
    from andon.service.diff_report import DiffReportDocument
    from andon.service.doctor import Finding
    from andon.service.documents import (
        AcceptedDocument,
        AnswerDocument,
        AnswerFile,
        BranchDropped,
        BranchMade,
        BranchSwitched,
        LiveAnswerDocument,
        LiveAnswerFile,
        SettingDocument,
        TagDocument,
    )
    from andon.service.editing import EditedDocument, FileTextDocument
    from andon.service.glossary import GlossaryDocument
    from andon.service.history import DiffDocument, LogDocument
    from andon.service.incident_documents import IncidentInfo, IncidentPage
    from andon.service.insight_documents import InsightCheck, InsightDocument, InsightInfo, InsightSaved
    from andon.service.isolation_apply import AppliedDocument
    from andon.service.letters import LettersSeen
    from andon.service.lineage import ImpactDocument, TrailDocument
    from andon.service.locks import Locked
    from andon.service.profiles import ToldProfile, ToldProfileDiffDocument
    from andon.service.proofs import ProofsDocument
    from andon.service.proposing import ProposedChecksDocument
    from andon.service.pull import PulledDocument
    from andon.service.quarantine import QuarantineInfo, QuarantineRows
    from andon.service.query_history import AskedQuery
    from andon.service.question_places import QuestionInfo
    from andon.service.readers import ReadersDocument
    from andon.service.renaming import MovedDocument
    from andon.service.request_measures import RequestMeasures
    from andon.service.requests import RequestInfo, RequestMade
    from andon.service.saved_queries import SavedQueryInfo
    from andon.service.saving import SavedDocument
    from andon.service.schema_changes import SchemaChangeDocument
    from andon.service.searching import FoundDocument
    from andon.service.simplify_documents import HintDocument, HintInfo, HintsDocument
    from andon.service.source_add import AddedSource
    from andon.service.source_check import SourceReportDocument
    from andon.service.source_list import SourceInfo
    from andon.service.sources import Accepted, Pinned
    from andon.service.stage_tests import StageTest
    from andon.service.status import StatusDocument
    from andon.service.suggestion_documents import SuggestionDocument, SuggestionInfo, SuggestionsDocument
    from andon.service.undescribed import UndescribedDocument
    from andon.service.unit_tests import TestsDocument
    from andon.service.value import ValueDocument
    from andon.web.server import ServingDocument

    return {
        "init": (MadeDocument,),
        "demo": (StoryDocument,),
        "drill": (DrillDocument,),
        "doctor": (list[Finding],),
        "plan": (PlanDocument, DueDocument),
        "run": (RunDocument,),
        "refresh": (RunDocument,),
        "due": (ScheduleDocument,),
        "why": (WhyDocument,),
        "tick": (TickDocument,),
        "pause": (list[PauseDocument],),
        "resume": (list[PauseDocument],),
        "actions": (list[ActionDocument],),
        "playbooks": (PlaybooksDocument,),
        "freeze": (FreezeDocument,),
        "optimize": (RunDocument,),
        "check": (CheckReportDocument, ChecksSqlDocument, list[CheckDocument], ProposedChecksDocument),
        "test": (TestsDocument,),
        "publish": (RunDocument,),
        "backfill": (RunDocument,),
        "upload": (RunDocument,),
        "save": (SavedDocument,),
        "edit": (EditedDocument, FileTextDocument),
        "rename": (MovedDocument,),
        "retire": (MovedDocument,),
        "cost": (CostDocument,),
        "waste": (WasteDocument,),
        "value": (ValueDocument,),
        "isolate stage": (PackedFolder, StageTest),
        "isolate apply": (AppliedDocument,),
        "reproduce": (ReproductionDocument, ReproductionSample, ProofsDocument),
        "lint": (LintDocument,),
        "lake move": (LakeMoved,),
        "catalog copy": (CatalogCopy,),
        "catalog grants": (CatalogGrants,),
        "verify": (Verification,),
        "repair": (LakeRepair,),
        "gc": (Collection,),
        "backup": (BackupMade, BackupList),
        "restore": (LakeRestored,),
        "architecture": (ArchitectureDocument,),
        "principles": (ScorecardDocument,),
        "approve": (ApprovedDocument, ApprovalsDocument, DisapprovedDocument),
        "request": (RequestMade,),
        "requests": (list[RequestInfo], RequestMeasures),
        "claim": (DataRequest,),
        "answer": (DataRequest,),
        "question ask": (QuestionInfo,),
        "question show": (QuestionInfo,),
        "question answer": (QuestionInfo,),
        "question close": (QuestionInfo,),
        "question reopen": (QuestionInfo,),
        "question edit": (QuestionInfo,),
        "question withdraw": (QuestionInfo,),
        "questions": (list[QuestionInfo],),
        "letters": (list[Letter], LettersSeen),
        "archive": (MovedDocument,),
        "query": (AnswerDocument, AnswerFile, LiveAnswerDocument, LiveAnswerFile),
        "ls": (list[DatasetInfo], list[SavedQueryInfo]),
        "find": (FoundDocument,),
        "glossary": (GlossaryDocument,),
        "docs": (UndescribedDocument,),
        "review": (ReviewDocument,),
        "show": (PageDocument, SavedQueryInfo, ReadersDocument),
        "profile": (ToldProfile, ToldProfileDiffDocument),
        "lineage": (TrailDocument,),
        "impact": (ImpactDocument,),
        "status": (StatusDocument,),
        "log": (list[LogDocument], list[SchemaChangeDocument], list[AskedQuery]),
        "diff": (DiffDocument, DiffReportDocument),
        "undo": (RevertedDocument, RunDocument),
        "redo": (RevertedDocument,),
        "accept": (RunDocument, AcceptedDocument),
        "incidents": (list[IncidentInfo],),
        "incident show": (IncidentPage,),
        "incident take": (IncidentInfo,),
        "incident fix": (IncidentInfo, ActionDocument),
        "incident close": (IncidentInfo,),
        "incident reopen": (IncidentInfo,),
        "incident snooze": (IncidentInfo,),
        "hold": (Cord,),
        "release": (Cord,),
        "complain": (IncidentInfo,),
        "branch list": (list[BranchInfo],),
        "branch create": (BranchMade,),
        "branch drop": (BranchDropped,),
        "branch switch": (BranchSwitched,),
        "tag": (list[TagDocument], TagDocument),
        "pull": (PulledDocument,),
        "config show": (list[SettingDocument],),
        "contract export": (list[ContractDocument],),
        "contract import": (ContractImport,),
        "lock": (list[Locked],),
        "analysis list": (list[AnalysisInfo],),
        "analysis log": (list[AnalysisLine],),
        "analysis show": (AnalysisShown,),
        "analysis run": (AnalysisShown,),
        "analysis reproduce": (AnalysisReproduction,),
        "insights": (list[InsightInfo],),
        "insight list": (list[InsightInfo],),
        "insight show": (InsightDocument,),
        "insight add": (InsightSaved,),
        "insight check": (list[InsightCheck],),
        "insight pin": (InsightSaved,),
        "insight outcome": (InsightSaved,),
        "quarantine list": (list[QuarantineInfo],),
        "quarantine show": (QuarantineRows,),
        "quarantine release": (RunDocument,),
        "notify list": (list[ChannelDocument],),
        "notify test": (list[SentDocument],),
        "simplify accept": (HintDocument,),
        "simplify dismiss": (HintInfo,),
        "simplify list": (HintsDocument,),
        "simplify show": (HintDocument,),
        "source accept": (Accepted,),
        "source add": (AddedSource,),
        "source check": (list[SourceReportDocument],),
        "source list": (list[SourceInfo],),
        "source load": (RunDocument,),
        "source pin": (Pinned,),
        "suggestions accept": (SuggestionDocument,),
        "suggestions dismiss": (SuggestionInfo,),
        "suggestions list": (SuggestionsDocument,),
        "suggestions show": (SuggestionDocument,),
        "token create": (TokenMade,),
        "token list": (list[AccessToken],),
        "token revoke": (AccessToken,),
        "up": (ServingDocument,),
    }
